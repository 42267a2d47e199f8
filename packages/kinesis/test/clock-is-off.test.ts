import { contextOf, deliver, startClockAhead } from "@kinesis-connectors/testkit";
import { describe, expect, it } from "vitest";
import { batchOf, startTarget } from "./support.js";

const TWENTY_MINUTES_MS = 20 * 60_000;
const given = (from: number) =>
  Array.from({ length: 40 }, (_, index) => ({
    output: `record ${from + index}`,
    partitionKey: `key ${index}`,
  }));

describe("clock-is-off: a stream that is put into", () => {
  it("takes every record once though the clock is off from the start", async () => {
    await using target = await startTarget();
    await using ahead = await startClockAhead(target.connection.endpoint, { aheadMs: TWENTY_MINUTES_MS });
    const emitter = target.emitter<string>({ endpoint: ahead.endpoint });
    await emitter.open?.(contextOf(undefined));
    expect(await deliver(emitter, batchOf(given(0)))).toEqual({ failed: [] });
    expect(target.texts()).toHaveLength(40);
    expect(ahead.refused).toBe(1);
  });

  it.each(["auto", "cbor", "json"] as const)(
    "takes every record once though the clock is off of a sudden, and goes on speaking %s",
    async (wireFormat) => {
      await using target = await startTarget();
      await using ahead = await startClockAhead(target.connection.endpoint, { aheadMs: 0 });
      const emitter = target.emitter<string>({ endpoint: ahead.endpoint, wireFormat });
      await emitter.open?.(contextOf(undefined));
      await deliver(emitter, batchOf(given(0)));
      ahead.aheadMs = TWENTY_MINUTES_MS;
      expect(await deliver(emitter, batchOf(given(40)))).toEqual({ failed: [] });
      expect(await deliver(emitter, batchOf(given(80)))).toEqual({ failed: [] });
      expect(target.texts()).toHaveLength(120);
      expect(new Set(target.texts()).size).toBe(120);
      expect(ahead.refused).toBe(1);
    },
  );
});
