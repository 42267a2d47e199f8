import {
  type Clock,
  type Emitter,
  KinesisConnectorError,
  silentLogger,
  sleep,
  systemClock,
} from "@kinesis-connectors/core";
import { describe, expect, it } from "vitest";

import { startConnector } from "../../src/connector.js";
import type { ConnectorEvent } from "../../src/events.js";
import { memoryLeases } from "@kinesis-connectors/leases";
import { collector, numbered, optionsFor, startAws, STREAM, textPipeline, until } from "./support.js";

const HOUR_MS = 3_600_000;

/** The machine's clock with a calendar that can be turned on: timers run in real time. */
function turnableClock(): Clock & { readonly turn: (ms: number) => void } {
  let turnedMs = 0;
  return {
    ...systemClock,
    now: () => systemClock.now() + turnedMs,
    turn: (ms) => {
      turnedMs += ms;
    },
  };
}

describe("stopping and starting again", () => {
  it("F72 LATEST before the first record: what comes while nobody runs is not lost", async () => {
    await using local = await startAws();
    local.kinesis.putRecords(STREAM, numbered(1, 5));
    const collected = collector();
    const options = {
      ...optionsFor(local, textPipeline(collected.emitter)),
      initialPosition: "LATEST" as const,
    };
    const first = await startConnector(options);
    await until(() => first.progress().shards.some((shard) => shard.millisBehindLatest === 0));
    await first.stop();
    local.kinesis.putRecords(STREAM, numbered(6, 9));
    await using second = await startConnector(options);
    await until(() => collected.all().length >= 4);
    await second.stop();
    expect(collected.all()).toEqual(["record 6", "record 7", "record 8", "record 9"]);
  });

  it("begins at a moment", async () => {
    await using local = await startAws();
    const clock = turnableClock();
    const collected = collector();
    local.kinesis.putRecords(STREAM, numbered(1, 3));
    await until(
      () => clock.now() > Math.max(...[...local.kinesis.records(STREAM)].map((one) => one.arrivalMs)) + 1,
    );
    const at = new Date(clock.now());
    local.kinesis.putRecords(STREAM, numbered(4, 6));
    await using connector = await startConnector({
      ...optionsFor(local, textPipeline(collected.emitter)),
      initialPosition: { at },
    });
    await until(() => collected.all().length >= 3);
    await connector.stop();
    expect(collected.all()).toEqual(["record 4", "record 5", "record 6"]);
  });

  it("K39 a delivery that fails for good leaves the checkpoint, and the next start delivers it", async () => {
    await using local = await startAws();
    local.kinesis.putRecords(STREAM, numbered(1, 200));
    const collected = collector();
    const refusing: Emitter<string> = {
      ...collected.emitter,
      emit: () => Promise.reject(new KinesisConnectorError("KC_EMIT_REFUSED", "the table is gone")),
    };
    const broken = await startConnector(optionsFor(local, textPipeline(refusing)));
    await expect(broken.done).rejects.toMatchObject({ code: "KC_EMIT_REFUSED" });
    await using mended = await startConnector(optionsFor(local, textPipeline(collected.emitter)));
    await until(() => collected.all().length >= 200);
    await mended.stop();
    expect(collected.all()).toEqual(numbered(1, 200).map(({ data }) => data));
  });

  it("F08 F71 warns while the destination is down and retention draws near, in its events and in its log", async () => {
    const clock = turnableClock();
    // The timers of about a minute and more come at once: the calendar is turned by hours here.
    const hasty: Clock = {
      ...clock,
      setTimer: (delayMs, callback) => clock.setTimer(delayMs >= 50_000 ? 20 : delayMs, callback),
    };
    await using local = await startAws({ local: { clock } });
    local.kinesis.putRecords(STREAM, numbered(1, 3));
    const down: Emitter<string> = {
      ...collector().emitter,
      emit: () => Promise.reject(new Error("connection refused")),
    };
    const lines: [object, string][] = [];
    const connector = await startConnector({
      ...optionsFor(local, textPipeline(down)),
      clock: hasty,
      logger: { ...silentLogger, warn: (fields, message) => void lines.push([fields, message]) },
      stopDeadlineMs: 100,
    });
    const seen: ConnectorEvent["type"][] = [];
    const risks: Extract<ConnectorEvent, { type: "retention-risk" }>[] = [];
    const listening = (async () => {
      for await (const event of connector) {
        if (event.type === "emit-retry" && !seen.includes(event.type)) clock.turn(19 * HOUR_MS);
        if (event.type === "retention-risk") {
          risks.push(event);
          void connector.stop();
        }
        if (event.type !== "events-drop") seen.push(event.type);
      }
    })();
    await expect(listening).rejects.toMatchObject({ code: "KC_STOP_DEADLINE" });
    expect(risks).toHaveLength(1);
    expect(risks[0]?.ageMs).toBeGreaterThanOrEqual(19 * HOUR_MS);
    expect(risks[0]?.leftMs).toBeGreaterThan(0);
    expect(seen).not.toContain("retention-gap");
    expect(lines.filter(([, message]) => message === "retention-risk")).toHaveLength(1);
  });

  it("F71 records that passed retention while nobody ran: stops by name, or goes on and says so", async () => {
    const clock = turnableClock();
    await using local = await startAws({ local: { clock } });
    local.kinesis.putRecords(STREAM, numbered(1, 3));
    const collected = collector();
    const options = { ...optionsFor(local, textPipeline(collected.emitter)), clock };
    const first = await startConnector(options);
    await until(() => collected.all().length === 3);
    await first.stop();
    local.kinesis.putRecords(STREAM, numbered(4, 6));
    clock.turn(30 * HOUR_MS);
    local.kinesis.putRecords(STREAM, numbered(7, 9));

    const stopping = await startConnector(options);
    await expect(stopping.done).rejects.toMatchObject({ code: "KC_RETENTION_GAP" });
    const going = await startConnector({ ...options, onRetentionGap: "continue" });
    const gaps: string[] = [];
    for await (const event of going) {
      if (event.type === "retention-gap") gaps.push(event.expected.sequenceNumber);
      if (event.type === "checkpoint-commit") void going.stop();
    }
    expect(gaps).toHaveLength(1);
    expect(collected.all()).toEqual([1, 2, 3, 7, 8, 9].map((n) => `record ${n}`));
  });

  it("F71 a quiet stream whose checkpoint was trimmed away raises no gap", async () => {
    const clock = turnableClock();
    await using local = await startAws({ local: { clock } });
    local.kinesis.putRecords(STREAM, numbered(1, 3));
    clock.turn(12 * HOUR_MS);
    const collected = collector();
    const leases = memoryLeases();
    const options = {
      ...optionsFor(local, textPipeline(collected.emitter)),
      clock,
      leaseTable: leases.connect(),
    };
    const first = await startConnector(options);
    await until(() => collected.all().length === 3);
    await until(() => [...leases.rows.values()].every((lease) => lease.readThroughMs !== undefined));
    await first.stop();
    clock.turn(13 * HOUR_MS);
    local.kinesis.putRecords(STREAM, numbered(4, 4));
    await using second = await startConnector(options);
    await until(() => collected.all().length === 4);
    await second.stop();
    await second.done;
    expect(collected.all()).toEqual([1, 2, 3, 4].map((n) => `record ${n}`));
  });

  it("F45 a signal during the start leaves nothing open", async () => {
    await using local = await startAws();
    const reason = new Error("changed my mind");
    for (const afterMs of [0, 5, 20, 80]) {
      const collected = collector();
      const stopping = new AbortController();
      const starting = startConnector({
        ...optionsFor(local, textPipeline(collected.emitter)),
        signal: stopping.signal,
      });
      const outcome = starting.then(
        (connector) => connector.done,
        (error: unknown) => error,
      );
      await sleep(systemClock, afterMs);
      stopping.abort(reason);
      expect([undefined, reason]).toContain(await outcome);
      expect(collected.closed()).toBe(collected.opened());
    }
  });
});
