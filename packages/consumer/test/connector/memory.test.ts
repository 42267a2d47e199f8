import { bytes, definePipeline, type Emitter, sleep, systemClock } from "@kinesis-connectors/core";
import { describe, expect, it } from "vitest";

import { startConnector } from "../../src/connector.js";
import { memoryLeases } from "../../src/index.js";
import { collector, optionsFor, startAws, STREAM, textPipeline, until } from "./support.js";

const MIB = 1024 * 1024;
const SHARDS = 100;
const RECORD_BYTES = 64 * 1024;
const RECORDS_PER_SHARD = 80;
const RECORDS_PER_READ = 2;
const LIMIT_BYTES = 16 * MIB;
/** What the heap, the buffers of sockets, and pages that are on their way may take on top. */
const MARGIN_BYTES = 100 * MIB;

describe("memory", () => {
  it("F44 a dead destination and a hundred busy shards: the process grows by the read-ahead limit and a margin, not with the stream", async () => {
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
      // A lease that is lost while the machine is busy with something else would be read again.
      leaseTable: memoryLeases().connect(),
      leases: { failoverTimeMs: 60_000 },
      retrieval: { type: "polling", idlePollMs: 200, maxRecordsPerRead: RECORDS_PER_READ },
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
    // Reading that goes on would take 62 MiB per second: a hundred shards, five reads of two records each.
    for (let look = 0; look < 300; look += 1) {
      await sleep(systemClock, 10);
      most = Math.max(most, process.memoryUsage.rss());
    }
    const pageBytes = RECORDS_PER_READ * (RECORD_BYTES + 1024);
    expect(refused).toBeGreaterThan(0);
    expect(bytesRead()).toBeLessThanOrEqual(LIMIT_BYTES + SHARDS * pageBytes);
    expect(most - before).toBeLessThanOrEqual(LIMIT_BYTES + MARGIN_BYTES);
    await connector.stop();
    await expect(connector.done).rejects.toMatchObject({ code: "KC_STOP_DEADLINE" });
  });
});
