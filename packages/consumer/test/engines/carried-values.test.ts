import { asError, type ErrorCode, KinesisConnectorError, type Logger } from "@kinesis-connectors/core";
import { array, assert as assertProperty, constantFrom, option, property, record, string } from "fast-check";
import { describe, expect, it } from "vitest";

import { KinesisCallError } from "../../src/kinesis/kinesis-api.js";
import { carriedError, carryError } from "../../src/engines/threads/carried-error.js";
import { carriedEvent, carryEvent } from "../../src/engines/threads/carried-event.js";
import { distantLogger, type LogLine, writeLine } from "../../src/engines/threads/log-lines.js";
import type { RunEvent } from "../../src/engines/threads/messages.js";

/** There and back, as between two threads. */
function travelled(error: Error): Error {
  return carriedError(structuredClone(carryError(error)));
}

interface Recipe {
  readonly kind: "ours" | "call" | "other";
  readonly message: string;
  readonly name: string;
  readonly code: string | null;
}

function made({ kind, message, name, code }: Recipe, cause: Error | undefined): Error {
  const options = cause === undefined ? {} : { cause };
  if (kind === "ours") return new KinesisConnectorError("KC_EMIT_FAILED", message, options);
  if (kind === "call") return new KinesisCallError("GetRecords", "throttled", message, options);
  const error = Object.assign(new Error(message, options), { name });
  return code === null ? error : Object.assign(error, { code });
}

function facts(thrown: unknown): unknown {
  if (!(thrown instanceof Error)) return undefined;
  const { name, message, stack } = thrown;
  return {
    class: thrown.constructor.name,
    name,
    message,
    stack,
    code: "code" in thrown ? thrown.code : undefined,
    kind: "kind" in thrown ? thrown.kind : undefined,
    operation: "operation" in thrown ? thrown.operation : undefined,
    cause: facts(thrown.cause),
  };
}

describe("an error on its way between threads", () => {
  it("keeps its class, name, code, text, stack and causes", () => {
    const recipe = record({
      kind: constantFrom("ours", "call", "other"),
      message: string(),
      name: string(),
      code: option(string()),
    });
    assertProperty(
      property(array(recipe, { minLength: 1, maxLength: 5 }), (recipes) => {
        let error: Error | undefined;
        for (const each of recipes) error = made(each, error);
        expect(facts(travelled(asError(error)))).toEqual(facts(error));
      }),
    );
  });

  it("is recognised by its code", () => {
    const code: ErrorCode = "KC_LEASE_LOST";
    expect(KinesisConnectorError.isInstance(travelled(new KinesisConnectorError(code, "gone")))).toBe(true);
  });

  it("may be caused by itself, hold what cannot travel, or be no error", () => {
    const circle = Object.assign(new Error("round"), { socket: () => undefined });
    circle.cause = circle;
    expect(travelled(circle)).toMatchObject({ message: "round", cause: { message: "round" } });
    expect(carriedError(carryError("a text")).message).toContain("not an Error");
    const numbered = Object.assign(new Error("a number for a code"), { code: 7 });
    expect("code" in travelled(numbered)).toBe(false);
  });
});

describe("an event on its way", () => {
  const shard = { stream: "clicks", shardId: "shardId-000000000000" };

  it("is the same event, with its error or without", () => {
    const error = new KinesisCallError("GetRecords", "throttled", "slow down");
    const events: readonly RunEvent[] = [
      { type: "shard-start", ...shard, checkpoint: undefined, inherited: false },
      { type: "shard-stop", ...shard, reason: "stop" },
      {
        type: "read-retry",
        ...shard,
        operation: "GetRecords",
        kind: "throttled",
        attempt: 1,
        delayMs: 5,
        error,
      },
    ];
    for (const event of events) expect(carriedEvent(structuredClone(carryEvent(event)))).toEqual(event);
    const arrived = carriedEvent(
      structuredClone(carryEvent(events[2] ?? { type: "shard-end-doubt", ...shard })),
    );
    expect("error" in arrived && arrived.error).toBeInstanceOf(KinesisCallError);
  });
});

describe("a line of a log on its way", () => {
  it("arrives at its level, without the fields that cannot travel", () => {
    const lines: LogLine[] = [];
    const written: unknown[] = [];
    const logger = distantLogger((line) => lines.push(structuredClone(line)));
    logger.debug({ size: 1, list: [1, 2] }, "first");
    logger.info({}, "second");
    logger.warn({ size: 2, open: true, name: "x", socket: () => undefined, list: [1] }, "third");
    logger.error({ when: new Date(0) }, "fourth");
    const write =
      (level: string) =>
      (...line: unknown[]): number =>
        written.push([level, ...line]);
    const target: Logger = {
      debug: write("debug"),
      info: write("info"),
      warn: write("warn"),
      error: write("error"),
    };
    for (const line of lines) writeLine(target, line);
    expect(written).toEqual([
      ["debug", { size: 1, list: [1, 2] }, "first"],
      ["info", {}, "second"],
      ["warn", { size: 2, open: true, name: "x" }, "third"],
      ["error", { when: new Date(0) }, "fourth"],
    ]);
  });
});
