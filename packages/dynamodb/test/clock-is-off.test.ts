import { contextOf, deliver, failureFrom, startClockAhead } from "@kinesis-connectors/testkit";
import { describe, expect, it } from "vitest";
import { type Order, startDynamoDb } from "./local-dynamodb.js";
import { batchOf } from "./support.js";

const TWENTY_MINUTES_MS = 20 * 60_000;
const orders = (from: number): Order[] =>
  Array.from({ length: 40 }, (_, index) => ({ id: `order-${from + index}`, total: index }));

describe.each(["guarded", "put"])("clock-is-off: a table written in mode %s", (mode) => {
  it("takes every item though the clock is off from the start", async () => {
    await using local = await startDynamoDb();
    await using ahead = await startClockAhead(local.connection.endpoint, { aheadMs: TWENTY_MINUTES_MS });
    const emitter = local.emitter({ endpoint: ahead.endpoint, mode });
    await emitter.open?.(contextOf(undefined));
    expect(await deliver(emitter, batchOf(orders(0)))).toEqual({ failed: [] });
    expect((await local.items()).size).toBe(40);
    // DescribeTable alone: what the client learnt of the clock holds for all that follows.
    expect(ahead.refused).toBe(1);
  });

  it("takes every item though the clock is off of a sudden, kept requests included", async () => {
    await using local = await startDynamoDb();
    await using ahead = await startClockAhead(local.connection.endpoint, { aheadMs: 0 });
    const emitter = local.emitter({ endpoint: ahead.endpoint, mode, maxConcurrency: 4 });
    await emitter.open?.(contextOf(undefined));
    await deliver(emitter, batchOf(orders(0)));
    ahead.aheadMs = TWENTY_MINUTES_MS;
    expect(await deliver(emitter, batchOf(orders(40), 100))).toEqual({ failed: [] });
    ahead.aheadMs = -TWENTY_MINUTES_MS;
    expect(await deliver(emitter, batchOf(orders(80), 200))).toEqual({ failed: [] });
    ahead.aheadMs = 0;
    expect(await deliver(emitter, batchOf(orders(120), 300))).toEqual({ failed: [] });
    expect((await local.items()).size).toBe(160);
    // Each request under way at a step at most once.
    expect(ahead.refused).toBeGreaterThan(2);
    expect(ahead.refused).toBeLessThanOrEqual(12);
  });

  it("still stops at once for a wrong secret", async () => {
    await using local = await startDynamoDb();
    await using ahead = await startClockAhead(local.connection.endpoint, { aheadMs: TWENTY_MINUTES_MS });
    const emitter = local.emitter({ endpoint: ahead.endpoint, mode });
    await emitter.open?.(contextOf(undefined));
    local.fault(
      {
        kind: "error",
        status: 400,
        code: "InvalidSignatureException",
        message: "The request signature we calculated does not match the signature you provided.",
      },
      { times: "always" },
    );
    const error = await failureFrom(deliver(emitter, batchOf(orders(0).slice(0, 1))));
    expect(error).toMatchObject({ code: "KC_EMIT_REFUSED" });
    expect(error.message).toContain("check the credentials");
    expect(ahead.passed).toBe(3);
  });
});
