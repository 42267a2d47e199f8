import { bytes, definePipeline, type Emitter, sleep, systemClock } from "@kinesis-connectors/core";
import { describe, expect, it } from "vitest";

import { startConnector } from "../../src/connector.js";
import { collector, optionsFor, startAws, STREAM, textPipeline, until } from "./support.js";

const MIB = 1024 * 1024;
const SHARDS = 16;
const RECORD_BYTES = 64 * 1024;
const RECORDS_PER_SHARD = 320;
const LIMIT_BYTES = 16 * MIB;
/** What the heap, the buffers of sockets, and pages that are on their way may take on top. */
const MARGIN_BYTES = 100 * MIB;

describe("memory", () => {
  it("F44 a dead destination and sixteen busy shards: the process grows by the read-ahead limit and a margin, not with the stream", async () => {
    await using local = await startAws({ shards: SHARDS });
    const data = Buffer.alloc(RECORD_BYTES, "x");
    for (let round = 0; round < RECORDS_PER_SHARD; round += 1) {
      local.kinesis.putRecords(
        STREAM,
        Array.from({ length: SHARDS }, (_, index) => ({ partitionKey: `${round}-${index}`, data })),
      );
    }
    let refused = 0;
    const down: Emitter<Uint8Array> = {
      capabilities: { duplicates: "possible", ordering: "shard" },
      emit: () => {
        refused += 1;
        return Promise.reject(new Error("connection refused"));
      },
    };
    // Nothing but the limit ends a batch.
    const pipeline = definePipeline({
      transformer: bytes(),
      buffer: { maxRecords: 1_000_000, maxBytes: 1024 * MIB, maxAgeMs: 3_600_000 },
      emitter: down,
    });
    const before = process.memoryUsage.rss();
    const connector = await startConnector({
      ...optionsFor(local, textPipeline(collector().emitter)),
      pipeline,
      retrieval: { type: "polling", idlePollMs: 200, maxRecordsPerRead: 8 },
      maxReadAheadBytes: LIMIT_BYTES,
      stopDeadlineMs: 100,
    });
    let most = 0;
    const bytesRead = (): number =>
      connector.progress().shards.reduce((sum, shard) => sum + shard.bytesRead, 0);
    await until(() => {
      most = Math.max(most, process.memoryUsage.rss());
      return bytesRead() >= LIMIT_BYTES / 2;
    });
    // Reading that goes on would take 40 MiB per second: 16 shards, five reads of eight records each.
    for (let look = 0; look < 300; look += 1) {
      await sleep(systemClock, 10);
      most = Math.max(most, process.memoryUsage.rss());
    }
    const pageBytes = 8 * (RECORD_BYTES + 1024);
    expect(refused).toBeGreaterThan(0);
    expect(bytesRead()).toBeLessThanOrEqual(LIMIT_BYTES + SHARDS * pageBytes);
    expect(most - before).toBeLessThanOrEqual(LIMIT_BYTES + MARGIN_BYTES);
    await connector.stop();
    await expect(connector.done).rejects.toMatchObject({ code: "KC_STOP_DEADLINE" });
  });
});
