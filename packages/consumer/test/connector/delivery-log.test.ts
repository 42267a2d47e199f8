import { KinesisConnectorError } from "@kinesis-connectors/core";
import { describe, expect, it } from "vitest";

import { EventLog } from "../../src/event-log.js";
import type { ConnectorEvent } from "../../src/events.js";
import { ProgressTally } from "../../src/progress-tally.js";
import { VirtualClock } from "../support/virtual-clock.js";

const MINUTE_MS = 60_000;
const OF_SHARD = { stream: "clicks", shardId: "shardId-000000000000" };
const BATCH = "b".repeat(32);

interface Line {
  readonly level: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

/** A log over a tally, under a clock that passes when told to. */
function logging() {
  const time = new VirtualClock();
  const clock = time.process();
  const tally = new ProgressTally(clock, {
    application: "archive",
    stream: "clicks",
    ownerId: "me:1",
    maxReadAheadBytes: 1_000,
    failoverTimeMs: 10_000,
  });
  const lines: Line[] = [];
  const writing =
    (level: string) =>
    (fields: object, message: string): void =>
      void lines.push({ level, fields: { ...fields }, message });
  const log = new EventLog({
    logger: {
      debug: writing("debug"),
      info: writing("info"),
      warn: writing("warn"),
      error: writing("error"),
    },
    clock,
    progress: () => tally.snapshot(),
    hasInitialPosition: false,
  });
  const observe = (event: ConnectorEvent): void => {
    tally.count(event);
    log.write(event);
  };
  const at = (level: string): readonly Line[] => lines.filter((line) => line.level === level);
  const minutes = async (count: number): Promise<void> => {
    for (let minute = 0; minute < count; minute += 1) {
      await time.advance(MINUTE_MS);
      log.writeSummary();
    }
  };
  const summaries = (): readonly Line[] => lines.filter(({ message }) => message.startsWith("summary"));
  return { time, clock, observe, at, minutes, summaries, lines };
}

/** A batch that was written and committed. */
function deliver(observe: (event: ConnectorEvent) => void, more: Partial<Commit> = {}): void {
  const { bytes = 700 } = more;
  const batch = { ...OF_SHARD, batchId: BATCH, records: 7, bytes, inherited: false };
  observe({ type: "batch-start", ...batch });
  observe({ type: "batch-emit", ...batch, outputs: 7, attempts: 1, durationMs: 5 });
  observe({
    type: "checkpoint-commit",
    ...OF_SHARD,
    checkpoint: { sequenceNumber: "49", subSequenceNumber: 2 },
    inherited: false,
    read: 10,
    emitted: 7,
    filtered: 2,
    deadLettered: 1,
    bytes,
    oldestArrivalMs: undefined,
    ...more,
  });
}

type Commit = Extract<ConnectorEvent, { type: "checkpoint-commit" }>;

it("what two shards and the connector end with has its words once, and its code each time", () => {
  const { observe, at } = logging();
  const refused = (): Error =>
    new KinesisConnectorError("KC_EMIT_REFUSED", "the bucket is missing: create it");
  for (const shardId of ["shardId-000000000000", "shardId-000000000001"])
    observe({ type: "shard-fail", shardId, error: refused() });
  observe({
    type: "shard-fail",
    shardId: "shardId-000000000002",
    error: new KinesisConnectorError("KC_EMIT_REFUSED", "another"),
  });
  observe({ type: "connector-stop", error: refused() });
  expect(at("error").map(({ fields }) => [fields["error"], fields["reason"]])).toEqual([
    ["KC_EMIT_REFUSED", "the bucket is missing: create it"],
    ["KC_EMIT_REFUSED", undefined],
    ["KC_EMIT_REFUSED", "another"],
    ["KC_EMIT_REFUSED", undefined],
  ]);
});

describe("what the log says of deliveries", () => {
  it("the first one of a start is a line, and no other at info", () => {
    const { observe, at } = logging();
    deliver(observe, { emitted: 0, read: 3, filtered: 3, deadLettered: 0 });
    expect(at("info")).toEqual([]);
    deliver(observe);
    deliver(observe);
    expect(at("info")).toHaveLength(1);
    expect(at("info")[0]).toMatchObject({
      message: expect.stringMatching(/^first-delivery: /),
      fields: { ...OF_SHARD, batchId: BATCH, emitted: 7, bytes: 700 },
    });
  });

  it("each commit is a line at debug, with its batch, its counts and the age of its oldest record", async () => {
    const { observe, at, time, clock } = logging();
    const oldestArrivalMs = clock.now();
    await time.advance(4_000);
    deliver(observe, { oldestArrivalMs });
    deliver(observe, { emitted: 3 });
    expect(at("debug").map(({ message }) => message)).toEqual(["checkpoint-commit", "checkpoint-commit"]);
    expect(at("debug")[0]?.fields).toEqual({
      ...OF_SHARD,
      batchId: BATCH,
      checkpoint: "49.2",
      inherited: false,
      read: 10,
      emitted: 7,
      filtered: 2,
      deadLettered: 1,
      bytes: 700,
      oldestAgeMs: 4_000,
    });
    expect(at("debug")[1]?.fields).toMatchObject({ emitted: 3 });
    expect(at("debug")[1]?.fields).not.toHaveProperty("oldestAgeMs");
  });

  it("a summary has the batches, bytes and dead letters since the last one", async () => {
    const { observe, minutes, summaries } = logging();
    deliver(observe);
    deliver(observe);
    await minutes(1);
    deliver(observe, { bytes: 50 });
    await minutes(1);
    expect(summaries().map(({ fields }) => fields)).toMatchObject([
      { emitted: 14, deadLettered: 2, batches: 2, bytes: 1_400, recordsEmitted: 14, deadLetters: 2 },
      { emitted: 7, deadLettered: 1, batches: 1, bytes: 50, recordsEmitted: 21, deadLetters: 3 },
    ]);
  });

  it("a stream at rest has a summary each tenth minute, and what moves or goes wrong has one at once", async () => {
    const { observe, minutes, summaries } = logging();
    observe({ type: "lease-resume", step: "take" });
    deliver(observe);
    await minutes(1);
    expect(summaries()).toHaveLength(1);
    await minutes(9);
    expect(summaries()).toHaveLength(1);
    await minutes(1);
    expect(summaries()).toHaveLength(2);
    expect(summaries()[1]?.fields).toMatchObject({ emitted: 0, batches: 0, bytes: 0, deadLettered: 0 });
    deliver(observe);
    await minutes(1);
    expect(summaries()).toHaveLength(3);
    const batch = { ...OF_SHARD, batchId: BATCH, records: 7, bytes: 700 };
    observe({ type: "batch-start", ...batch, inherited: false });
    observe({ type: "emit-retry", ...batch, attempt: 1, delayMs: 1, error: new Error("away") });
    await minutes(2);
    expect(summaries()).toHaveLength(5);
    expect(summaries()[4]?.fields).toMatchObject({ batchesRetrying: 1, isReady: false });
  });
});
