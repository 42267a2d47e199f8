import { definePipeline, type Emitter, type Logger, silentLogger, text } from "@kinesis-connectors/core";
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
