import {
  type Clock,
  definePipeline,
  type Emitter,
  KinesisConnectorError,
  type Logger,
  silentLogger,
  systemClock,
  text,
} from "@kinesis-connectors/core";
import { describe, expect, it } from "vitest";

import { startConnector } from "../../src/connector.js";
import { collector, numbered, optionsFor, startAws, STREAM, textPipeline, until } from "./support.js";

interface Line {
  readonly level: keyof Logger;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

function keeping(): { readonly lines: Line[]; readonly logger: Logger } {
  const lines: Line[] = [];
  const writing =
    (level: keyof Logger) =>
    (fields: object, message: string): void =>
      void lines.push({ level, fields: { ...fields }, message });
  const logger = {
    debug: writing("debug"),
    info: writing("info"),
    warn: writing("warn"),
    error: writing("error"),
  };
  return { lines, logger };
}

/** Takes nothing before it is mended. */
function deadDestination(): { readonly emitter: Emitter<string>; mend: () => void } {
  const { emitter } = collector();
  let isDead = true;
  return {
    mend: () => (isDead = false),
    emitter: {
      ...emitter,
      emit: (batch, context) =>
        isDead
          ? Promise.reject(Object.assign(new Error("PAYLOAD in somebody's text"), { code: "ECONNREFUSED" }))
          : emitter.emit(batch, context),
    },
  };
}

/** Short pauses between tries, so that a test sees several. */
const retry = { baseDelayMs: 5, maxDelayMs: 20 };

describe("a logger that fails", () => {
  const failing: readonly (readonly [string, Partial<Record<keyof Logger, () => unknown>>])[] = [
    [
      "throws",
      Object.fromEntries(
        ["debug", "info", "warn", "error"].map((level) => [
          level,
          () => {
            throw new Error("the disk of the log is full");
          },
        ]),
      ),
    ],
    [
      "rejects",
      Object.fromEntries(
        ["debug", "info", "warn", "error"].map((level) => [
          level,
          () => Promise.reject(new Error("the log server is away")),
        ]),
      ),
    ],
  ];

  it.each(failing)(
    "decides nothing where it %s: all is read, and the process is told once",
    async (_name, faults) => {
      const warnings: (string | undefined)[] = [];
      const keep = (warning: Error & { readonly code?: string }): void => void warnings.push(warning.code);
      process.on("warning", keep);
      try {
        await using local = await startAws({ shards: 2 });
        local.kinesis.putRecords(STREAM, numbered(1, 100));
        // Makes the engine, the reader and the lease work write lines.
        local.faults.add({ operation: "GetRecords", effect: { kind: "reset", at: "inside-body" }, times: 6 });
        local.faults.add({
          operation: "UpdateItem",
          effect: { kind: "reset", at: "before-headers" },
          times: 3,
        });
        const { emitter, all } = collector();
        const logger: Logger = { ...silentLogger, ...faults };
        await using connector = await startConnector({ ...optionsFor(local, textPipeline(emitter)), logger });
        await until(() => all().length === 100);
        await connector.stop();
        await connector.done;
        expect(warnings.filter((code) => code === "KC_LOGGER_BROKEN")).toEqual(["KC_LOGGER_BROKEN"]);
      } finally {
        process.off("warning", keep);
      }
    },
  );
});

describe("a destination that is down", () => {
  it("is in the connector's log within three tries, though the pipeline has no logger", async () => {
    await using local = await startAws();
    local.kinesis.putRecords(STREAM, numbered(1, 10));
    const { lines, logger } = keeping();
    const { emitter, mend } = deadDestination();
    const pipeline = definePipeline({ transformer: text(), emitter, buffer: { maxAgeMs: 50 }, retry });
    await using connector = await startConnector({ ...optionsFor(local, pipeline), logger });
    const told = (): Line[] =>
      lines.filter(({ level, message }) => level === "warn" && message.startsWith("emit-retry"));
    await until(() => told().length > 1);
    expect(told()[0]?.fields).toMatchObject({
      stream: STREAM,
      shardId: "shardId-000000000000",
      batchId: expect.stringMatching(/^[0-9a-f]{32}$/),
      attempt: 3,
      error: "ECONNREFUSED",
    });
    expect(JSON.stringify(lines)).not.toContain("PAYLOAD");
    mend();
    await until(() => connector.progress().recordsEmitted === 10);
    expect(lines.map(({ message }) => message)).toContain("the destination has answered for the batch again");
  });

  it("is in the pipeline's own log where it has one, and the connector writes there too without one", async () => {
    await using local = await startAws();
    local.kinesis.putRecords(STREAM, numbered(1, 10));
    const { lines, logger } = keeping();
    const { emitter, mend } = deadDestination();
    const pipeline = definePipeline({
      transformer: text(),
      emitter,
      buffer: { maxAgeMs: 50 },
      retry,
      logger,
    });
    await using connector = await startConnector(optionsFor(local, pipeline));
    await until(() => lines.some(({ message }) => message.startsWith("emit-retry")));
    mend();
    await until(() => connector.progress().recordsEmitted === 10);
    expect(lines.map(({ message }) => message)).toContain("connector-start");
  });
});

describe("what an operator is told", () => {
  it("progress tells of a destination that is down: which batch, since when, how often, and why", async () => {
    await using local = await startAws();
    local.kinesis.putRecords(STREAM, numbered(1, 10));
    const { emitter, mend } = deadDestination();
    const pipeline = definePipeline({ transformer: text(), emitter, buffer: { maxAgeMs: 50 }, retry });
    await using connector = await startConnector(optionsFor(local, pipeline));
    await until(() => (connector.progress().shards[0]?.batchUnderWay?.failedAttempts ?? 0) > 2);
    const { shards, ...down } = connector.progress();
    expect(down).toMatchObject({ recordsRead: 10, isReady: false, batchesUnderWay: 1, batchesRetrying: 1 });
    expect(shards[0]?.batchUnderWay).toMatchObject({
      batchId: expect.stringMatching(/^[0-9a-f]{32}$/),
      records: 10,
      lastError: "ECONNREFUSED",
    });
    expect(shards[0]?.batchUnderWay?.sinceMs).toBeLessThanOrEqual(Date.now());
    mend();
    await until(() => connector.progress().recordsEmitted === 10);
    const { shards: after, ...up } = connector.progress();
    expect(up).toMatchObject({ isReady: true, batchesUnderWay: 0, batchesRetrying: 0 });
    expect(after[0]?.batchUnderWay).toBeUndefined();
  });

  it("comings and goings of shards, dead letters by the batch, and the end with its totals", async () => {
    await using local = await startAws();
    local.kinesis.putRecords(STREAM, [
      ...numbered(1, 8),
      { partitionKey: "k", data: Buffer.from([0xff, 0xfe]) },
      { partitionKey: "PAYLOAD\nkey", data: Buffer.from([0xff, 0xff]) },
    ]);
    const { lines, logger } = keeping();
    const { emitter } = collector();
    const letters = { capabilities: emitter.capabilities, emit: () => Promise.resolve({ failed: [] }) };
    const pipeline = definePipeline({
      transformer: text(),
      emitter,
      deadLetters: letters,
      buffer: { maxAgeMs: 50 },
    });
    const first = await startConnector({ ...optionsFor(local, pipeline), logger });
    await until(() => first.progress().deadLetters === 2);
    await first.stop();
    const line = (message: string): Line | undefined => lines.find((one) => one.message.startsWith(message));
    const shardId = "shardId-000000000000";
    // Shards of two connectors in one process have the same names.
    for (const { fields } of lines) expect(fields).toMatchObject({ stream: STREAM });
    expect(line("lease-take")).toMatchObject({ level: "info", fields: { shardId } });
    expect(line("shard-start")).toMatchObject({ level: "info", fields: { stream: STREAM, shardId } });
    expect(line("shard-stop")).toMatchObject({ level: "info", fields: { shardId, reason: "stop" } });
    expect(lines.filter(({ message }) => message.startsWith("record-dead-letter"))).toMatchObject([
      {
        level: "warn",
        fields: {
          stream: STREAM,
          shardId,
          batchId: expect.stringMatching(/^[0-9a-f]{32}$/),
          deadLetters: 2,
          codes: { KC_RECORD_POISON: 2 },
          position: expect.stringMatching(/^\d+\.0$/),
          error: "KC_RECORD_POISON",
          reason: expect.stringContaining("not UTF-8"),
        },
      },
    ]);
    expect(line("connector-stop")).toMatchObject({
      level: "info",
      fields: { recordsRead: 10, recordsEmitted: 8, deadLetters: 2 },
    });
    expect(JSON.stringify(lines)).not.toContain("PAYLOAD");

    lines.length = 0;
    const second = await startConnector({
      ...optionsFor(local, pipeline),
      logger,
      initialPosition: "LATEST",
    });
    await until(() => line("shard-start") !== undefined);
    await second.stop();
    expect(lines.filter(({ message }) => message.startsWith("initialPosition counts"))).toHaveLength(1);
  });

  it("the cause of the end, with what AWS said and its number of the request", async () => {
    await using local = await startAws();
    local.kinesis.putRecords(STREAM, numbered(1, 10));
    const { lines, logger } = keeping();
    const { emitter } = collector();
    const missing = Object.assign(new Error("Requested resource not found"), {
      name: "ResourceNotFoundException",
      $metadata: { httpStatusCode: 400, requestId: "REQUEST-1" },
    });
    const refused = new KinesisConnectorError("KC_EMIT_REFUSED", "the table is missing: create it", {
      cause: missing,
    });
    const pipeline = definePipeline({
      transformer: text(),
      emitter: { ...emitter, emit: () => Promise.reject(refused) },
      buffer: { maxAgeMs: 50 },
    });
    const connector = await startConnector({ ...optionsFor(local, pipeline), logger });
    await expect(connector.done).rejects.toThrow("the table is missing");
    expect(lines.find(({ message }) => message === "shard-fail")).toMatchObject({
      level: "error",
      fields: {
        stream: STREAM,
        shardId: "shardId-000000000000",
        batchId: expect.stringMatching(/^[0-9a-f]{32}$/),
        error: "KC_EMIT_REFUSED",
        reason: "the table is missing: create it",
        cause: "ResourceNotFoundException: Requested resource not found",
        requestId: "REQUEST-1",
      },
    });
    // Told in full above.
    const stop = lines.find(({ message }) => message === "connector-stop");
    expect(stop).toMatchObject({
      level: "error",
      fields: { error: "KC_EMIT_REFUSED", requestId: "REQUEST-1", recordsRead: 10 },
    });
    expect(stop?.fields).not.toHaveProperty("reason");
  });

  it("a summary each minute of the injected clock", async () => {
    await using local = await startAws();
    local.kinesis.putRecords(STREAM, numbered(1, 10));
    const { lines, logger } = keeping();
    const { emitter } = collector();
    const delays: number[] = [];
    // What waits for most of a minute waits shortly.
    const clock: Clock = {
      ...systemClock,
      setTimer: (delayMs, callback) => {
        if (delayMs > 50_000) delays.push(delayMs);
        return systemClock.setTimer(delayMs > 50_000 ? 300 : delayMs, callback);
      },
    };
    await using connector = await startConnector({
      ...optionsFor(local, textPipeline(emitter)),
      leases: {
        bootstrapJitterMs: 0,
        takePeriodMs: 100,
        cleanupPeriodMs: 1_000,
        auditPeriodMs: 1_000,
        fleetModePeriodMs: 1_000,
      },
      clock,
      logger,
    });
    const summaries = (): Line[] => lines.filter(({ message }) => message.startsWith("summary"));
    await until(() => summaries().some(({ fields }) => fields["recordsEmitted"] === 10));
    expect(delays.map(Math.round)).toContain(60_000);
    expect(summaries().reduce((sum, { fields }) => sum + Number(fields["emitted"]), 0)).toBe(10);
    expect(summaries().at(-1)).toMatchObject({
      level: "info",
      fields: { recordsRead: 10, shardsReading: 1, isReady: true, batchesRetrying: 0 },
    });
    await connector.stop();
  });
});

describe("parts of the caller's own that are classes", () => {
  it("keep their this when they are closed", async () => {
    await using local = await startAws();
    local.kinesis.putRecords(STREAM, numbered(1, 10));
    const { emitter, all } = collector();
    class Destination implements Emitter<string> {
      readonly capabilities = emitter.capabilities;
      readonly emit = emitter.emit;
      closed = 0;

      async close(): Promise<void> {
        await Promise.resolve();
        this.closed += 1;
      }
    }
    const destination = new Destination();
    await using connector = await startConnector(optionsFor(local, textPipeline(destination)));
    await until(() => all().length === 10);
    await connector.stop();
    await connector.done;
    expect(destination.closed).toBe(1);
  });
});
