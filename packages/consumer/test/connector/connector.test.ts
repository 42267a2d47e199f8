import { readFile } from "node:fs/promises";

import {
  definePipeline,
  json,
  KinesisConnectorError,
  sleep,
  systemClock,
  text,
} from "@kinesis-connectors/core";
import { memoryLeases } from "@kinesis-connectors/leases";
import { virtualClock } from "@kinesis-connectors/testkit";
import { describe, expect, it } from "vitest";

import { startConnector } from "../../src/connector.js";
import type { ConnectorEvent } from "../../src/events.js";
import { fanOut } from "../../src/reading/fan-out-consumer.js";
import { version } from "../../src/kinesis/clients/version.js";
import { collector, numbered, optionsFor, startAws, STREAM, textPipeline, until } from "./support.js";

type Local = Awaited<ReturnType<typeof startAws>>;

/** What is in the stream, shard by shard. */
function inStream(local: Local): Record<string, string[]> {
  const texts: Record<string, string[]> = {};
  for (const { shardId, data } of local.kinesis.records(STREAM))
    (texts[shardId] ??= []).push(data.toString("utf8"));
  return texts;
}

describe("a connector", () => {
  it("delivers every record of every shard once, in the shard's order, and says how far it is", async () => {
    await using local = await startAws({ shards: 4 });
    local.kinesis.putRecords(STREAM, numbered(1, 2_000));
    const collected = collector();
    await using connector = await startConnector(optionsFor(local, textPipeline(collected.emitter)));
    await until(() => collected.all().length >= 2_000);
    local.kinesis.putRecords(STREAM, numbered(2_001, 2_500));
    await until(() => collected.all().length >= 2_500);
    await connector.stop();
    await connector.done;

    expect(Object.fromEntries(collected.byShard)).toEqual(inStream(local));
    const progress = connector.progress();
    expect(progress).toMatchObject({
      recordsRead: 2_500,
      recordsEmitted: 2_500,
      recordsFiltered: 0,
      deadLetters: 0,
    });
    expect(progress.shards).toEqual([]);
    expect([collected.opened(), collected.closed()]).toEqual([1, 1]);
  });

  it("does the same by subscription", async () => {
    await using local = await startAws({ shards: 2 });
    local.kinesis.putRecords(STREAM, numbered(1, 500));
    const collected = collector();
    const options = { ...optionsFor(local, textPipeline(collected.emitter)), retrieval: fanOut() };
    await using connector = await startConnector(options);
    await until(() => collected.all().length >= 500);
    local.kinesis.putRecords(STREAM, numbered(501, 600));
    await until(() => collected.all().length >= 600);
    await connector.stop();
    expect(Object.fromEntries(collected.byShard)).toEqual(inStream(local));
    expect(local.journal.entries({ operation: "GetRecords" })).toEqual([]);
  });

  it("reads a stream by its ARN, and passes the ARN on", async () => {
    await using local = await startAws();
    local.kinesis.putRecords(STREAM, numbered(1, 10));
    const collected = collector();
    const { stream: _name, ...options } = optionsFor(local, textPipeline(collected.emitter));
    const streamArn = `arn:aws:kinesis:eu-central-1:000000000000:stream/${STREAM}`;
    await using connector = await startConnector({ ...options, streamArn });
    await until(() => collected.all().length >= 10);
    await connector.stop();
    expect(collected.all()).toHaveLength(10);
  });

  it("F17 F23 follows a split to its children, and a second start reads none of it again", async () => {
    await using local = await startAws();
    local.kinesis.putRecords(STREAM, numbered(1, 100));
    const collected = collector();
    const options = optionsFor(local, textPipeline(collected.emitter));
    const first = await startConnector(options);
    await until(() => collected.all().length >= 100);
    local.kinesis.call("SplitShard", {
      StreamName: STREAM,
      ShardToSplit: "shardId-000000000000",
      NewStartingHashKey: (2n ** 127n).toString(),
    });
    local.kinesis.putRecords(STREAM, numbered(101, 300));
    await until(() => collected.all().length >= 300);
    await first.stop();
    expect(Object.fromEntries(collected.byShard)).toEqual(inStream(local));
    expect(first.progress().shards.map((shard) => shard.state)).toEqual(["ended"]);

    local.kinesis.putRecords(STREAM, numbered(301, 320));
    await using second = await startConnector(options);
    await until(() => collected.all().length >= 320);
    await second.stop();
    expect(Object.fromEntries(collected.byShard)).toEqual(inStream(local));
  });

  it("an emitter that hangs in its close is not waited for past the stop deadline: everything else is closed, and the error names it", async () => {
    await using local = await startAws();
    local.kinesis.putRecords(STREAM, numbered(1, 5));
    const time = virtualClock();
    const collected = collector();
    const events: ConnectorEvent[] = [];
    const never = new Promise<void>(() => undefined);
    const closed: string[] = [];
    const pipeline = definePipeline({
      transformer: text(),
      emitter: {
        ...collected.emitter,
        close: () => {
          closed.push("emitter");
          return never;
        },
      },
      deadLetters: {
        capabilities: { duplicates: "possible", ordering: "none" },
        emit: () => Promise.resolve({ failed: [] }),
        close: () => {
          closed.push("deadLetters");
          return never;
        },
      },
      buffer: { maxAgeMs: 100 },
    });
    const table = memoryLeases().connect();
    /** Time passes as fast as what is on the wire lets it. */
    const passing = async (isOver: () => boolean): Promise<void> => {
      while (!isOver()) {
        await time.advance(50);
        await sleep(systemClock, 1);
      }
    };
    const starting = startConnector({
      ...optionsFor(local, pipeline),
      leaseTable: {
        ...table,
        close: () => void closed.push("table"),
      },
      stopDeadlineMs: 20_000,
      clock: time,
      observe: (event) => events.push(event),
    });
    let isStarted = false;
    void starting.finally(() => (isStarted = true)).catch(() => undefined);
    await passing(() => isStarted);
    const connector = await starting;
    await passing(() => collected.all().length === 5);
    const startMs = time.monotonicNow();
    let endMs: number | undefined;
    const failed = connector.done.catch((error: unknown) => {
      endMs = time.monotonicNow();
      return error;
    });
    void connector.stop();
    await passing(() => endMs !== undefined);
    expect(await failed).toMatchObject({
      code: "KC_STOP_DEADLINE",
      message: expect.stringMatching(/the pipeline's deadLetters did not close within \d+ ms/),
    });
    expect(closed).toEqual(["deadLetters", "emitter", "table"]);
    expect((endMs ?? 0) - startMs).toBeLessThanOrEqual(20_100);
    expect(events.at(-1)).toMatchObject({ type: "connector-stop", error: { code: "KC_STOP_DEADLINE" } });
  });

  it("F42 a signal stops it gracefully: what was read is emitted, committed, and the shards are given back", async () => {
    await using local = await startAws({ shards: 2 });
    local.kinesis.putRecords(STREAM, numbered(1, 50));
    const collected = collector();
    const stopping = new AbortController();
    const pipeline = definePipeline({
      transformer: text(),
      emitter: collected.emitter,
      buffer: { maxAgeMs: 3_600_000 },
    });
    const connector = await startConnector({ ...optionsFor(local, pipeline), signal: stopping.signal });
    await until(() => connector.progress().recordsRead === 50);
    expect(collected.all()).toEqual([]);
    stopping.abort();
    await connector.done;
    expect(Object.fromEntries(collected.byShard)).toEqual(inStream(local));
    expect(connector.progress().recordsEmitted).toBe(50);
  });

  it("F45 a second signal, a second stop and a stop after the end are harmless", async () => {
    await using local = await startAws();
    const collected = collector();
    const stopping = new AbortController();
    const connector = await startConnector({
      ...optionsFor(local, textPipeline(collected.emitter)),
      signal: stopping.signal,
    });
    stopping.abort();
    stopping.abort();
    await Promise.all([connector.stop(), connector.stop()]);
    await connector.done;
    await connector.stop();
    await connector[Symbol.asyncDispose]();
    expect(collected.closed()).toBe(1);
  });

  it("F14 a shard that cannot go on stops the connector, which says why", async () => {
    await using local = await startAws();
    local.kinesis.putRecords(STREAM, [{ partitionKey: "k", data: "not JSON" }]);
    const collected = collector();
    const pipeline = definePipeline({
      transformer: json<{ id: string }>().to((model) => model.id),
      emitter: collected.emitter,
    });
    const connector = await startConnector({
      ...optionsFor(local, textPipeline(collected.emitter)),
      pipeline,
    });
    await expect(connector.done).rejects.toMatchObject({ code: "KC_RECORD_POISON" });
    expect(collected.closed()).toBe(1);
    await connector.stop();
  });

  it("tells its events to whoever iterates, in order, until it has stopped", async () => {
    await using local = await startAws();
    local.kinesis.putRecords(STREAM, numbered(1, 5));
    const collected = collector();
    const connector = await startConnector(optionsFor(local, textPipeline(collected.emitter)));
    const seen: string[] = [];
    for await (const event of connector) {
      seen.push(event.type);
      if (event.type === "checkpoint-commit") void connector.stop();
    }
    await connector.done;
    expect(seen).toContain("page-read");
    expect(seen.indexOf("page-read")).toBeLessThan(seen.indexOf("checkpoint-commit"));
    expect(seen.at(-1)).toBe("connector-stop");
  });

  it("throws what ended it at whoever iterates", async () => {
    await using local = await startAws();
    const collected = collector();
    const connector = await startConnector(optionsFor(local, textPipeline(collected.emitter)));
    local.faults.add({
      operation: "GetRecords",
      times: "always",
      effect: { kind: "error", status: 400, code: "AccessDeniedException" },
    });
    const listen = async (): Promise<void> => {
      for await (const event of connector) expect(event.type).not.toBe("events-drop");
    };
    await expect(listen()).rejects.toMatchObject({ code: "KC_READ_REFUSED" });
  });

  it("S06 S10 writes no data, no partition key and no credential to its log", async () => {
    await using local = await startAws();
    local.kinesis.putRecords(STREAM, [{ partitionKey: "CANARY\nkey", data: "CANARY data" }]);
    const lines: string[] = [];
    const write = (fields: object, message: string): void => {
      lines.push(`${JSON.stringify(fields)} ${message}`);
    };
    const pipeline = definePipeline({
      transformer: json<string>(),
      emitter: collector().emitter,
    });
    local.faults.add({ operation: "GetRecords", effect: { kind: "reset", at: "inside-body" } });
    const connector = await startConnector({
      ...optionsFor(local, pipeline),
      credentials: { accessKeyId: "CANARYID", secretAccessKey: "CANARYSECRET" },
      logger: { debug: write, info: write, warn: write, error: write },
    });
    const error: unknown = await connector.done.catch((thrown: unknown) => thrown);
    expect(KinesisConnectorError.isInstance(error)).toBe(true);
    expect(lines.length).toBeGreaterThan(0);
    expect([...lines, String(error)].filter((line) => line.includes("CANARY"))).toEqual([]);
  });

  it("several connectors of one process read several streams", async () => {
    await using local = await startAws();
    local.kinesis.createStream({ name: "other" });
    local.kinesis.putRecords(STREAM, numbered(1, 20));
    local.kinesis.putRecords("other", numbered(1, 30));
    const [one, two] = [collector(), collector()];
    await using first = await startConnector(optionsFor(local, textPipeline(one.emitter)));
    await using second = await startConnector({
      ...optionsFor(local, textPipeline(two.emitter)),
      application: "other-to-memory",
      stream: "other",
    });
    await until(() => one.all().length === 20 && two.all().length === 30);
    await Promise.all([first.stop(), second.stop()]);
    expect([one.all().length, two.all().length]).toEqual([20, 30]);
  });

  it("a pipeline whose output the emitter cannot write does not compile", () => {
    const { emitter } = collector();
    const wrong = () =>
      definePipeline({
        // @ts-expect-error: the emitter takes texts, and this transformer makes numbers.
        transformer: json<{ total: number }>().to((order) => order.total),
        emitter,
      });
    const misspelt = (local: Local) =>
      // @ts-expect-error: there is no such position.
      startConnector({ ...optionsFor(local, textPipeline(emitter)), initialPosition: "EARLIEST" });
    const noModule = (local: Local) =>
      // @ts-expect-error: a module is named by its URL.
      startConnector({ ...optionsFor(local, textPipeline(emitter)), pipeline: 7 });
    const types = [typeof wrong, typeof misspelt, typeof noModule];
    expect(types).toEqual(["function", "function", "function"]);
  });

  it("names its own version to the service", async () => {
    const manifest: unknown = JSON.parse(
      await readFile(new URL("../../package.json", import.meta.url), "utf8"),
    );
    expect(manifest).toMatchObject({ version });
  });

  it("K40 K42 a slow destination and room for one page only: nothing is lost and nothing hangs", async () => {
    await using local = await startAws();
    local.kinesis.putRecords(STREAM, numbered(1, 3_000));
    const collected = collector();
    const { emit } = collected.emitter;
    const slow = {
      ...collected.emitter,
      emit: async (...call: Parameters<typeof emit>) => {
        await sleep(systemClock, 20);
        return emit(...call);
      },
    };
    await using connector = await startConnector({
      ...optionsFor(local, textPipeline(slow)),
      maxReadAheadBytes: 1,
    });
    await until(() => collected.all().length >= 3_000);
    await connector.stop();
    expect(Object.fromEntries(collected.byShard)).toEqual(inStream(local));
  });
});
