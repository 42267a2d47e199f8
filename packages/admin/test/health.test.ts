import { describe, expect, it } from "vitest";
import { type Answered, ask, until } from "./support.js";
import { live, numbers } from "./live.js";
import { startAdmin } from "../src/index.js";

/** Asks until it is answered with a status. */
async function untilAnswered(of: () => Promise<Answered>, status: number): Promise<Answered> {
  let answer = await of();
  await until(async () => {
    answer = await of();
    return answer.status === status;
  });
  return answer;
}

describe("health is progress", () => {
  it("S3 refuses: /livez stays 200, /readyz is 503 with emit-retrying, and 200 again after; nothing is lost", async () => {
    await using parts = await live();
    const connector = await parts.start();
    await using admin = await startAdmin(connector, {
      port: 0,
      metrics: parts.metrics,
      // Shorter than anybody would have it, and all others longer than this test: only one rule speaks.
      rules: { retryingMs: 300, stalledMs: 3_600_000, maxDeliveryLagMs: 3_600_000 },
    });
    parts.put(1, 100);
    await until(() => parts.landed().length === 100);
    expect((await untilAnswered(() => ask(admin, "/readyz"), 200)).json).toMatchObject({ status: "ok" });

    const refusing = parts.aws.faults.add({
      server: "s3",
      times: "always",
      effect: { kind: "error", code: "SlowDown", status: 503 },
    });
    parts.put(101, 200);
    const failing = await untilAnswered(() => ask(admin, "/readyz"), 503);
    expect(failing.json).toMatchObject({
      status: "failing",
      reasons: expect.arrayContaining([
        expect.objectContaining({
          rule: "emit-retrying",
          shardId: expect.stringMatching(/^shardId-/),
          limit: 300,
          cure: expect.stringContaining("nothing is lost"),
        }),
      ]),
    });
    expect(await ask(admin, "/livez")).toMatchObject({ status: 200, json: { status: "ok" } });
    expect((await ask(admin, "/api/v1/errors")).json).toMatchObject({
      errors: expect.arrayContaining([
        expect.objectContaining({
          type: "emit-retry",
          count: expect.any(Number),
          batchId: expect.any(String),
        }),
      ]),
    });
    expect((await ask(admin, "/api/v1/status")).json).toMatchObject({ health: { status: "failing" } });

    parts.aws.faults.remove(refusing);
    const well = await untilAnswered(() => ask(admin, "/readyz"), 200);
    expect(well.json).toEqual({ status: "ok", reasons: [] });
    await until(() => parts.landed().length >= 200);
    expect(parts.landed()).toEqual(numbers(1, 200));
  });

  for (const kind of ["refuses", "hangs"] as const)
    it(`a lease table that ${kind}: /readyz is 503 with table-silent also without any lease left, and 200 again after`, async () => {
      await using parts = await live({ shards: 1 });
      const connector = await parts.start({
        leases: { bootstrapJitterMs: 0, failoverTimeMs: 2_000, takePeriodMs: 200, parentPollMs: 50 },
      });
      await using admin = await startAdmin(connector, { port: 0 });
      await until(() => connector.progress().shards.length === 1);
      await untilAnswered(() => ask(admin, "/readyz"), 200);
      const silent = parts.aws.faults.add({
        server: "dynamodb",
        times: "always",
        effect:
          kind === "hangs"
            ? { kind: "delay", delayMs: 15_000 }
            : { kind: "error", code: "InternalServerError", status: 500 },
      });
      // On a busy machine the lease may be lost before the table counts as silent.
      await until(() => connector.progress().shards.length === 0 && !connector.progress().isReady);
      expect(connector.progress().leaseRenewals).toMatchObject({ longestUnrenewedMs: 0 });
      await untilAnswered(() => ask(admin, "/readyz"), 503);
      const lostMs = performance.now();
      while (performance.now() - lostMs < 3_000) {
        const answer = await ask(admin, "/readyz");
        expect(answer).toMatchObject({
          status: 503,
          json: { reasons: [expect.objectContaining({ rule: "table-silent" })] },
        });
        expect(await ask(admin, "/livez")).toMatchObject({ status: 200 });
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      parts.aws.faults.remove(silent);
      await until(() => connector.progress().shards.length === 1);
      await untilAnswered(() => ask(admin, "/readyz"), 200);
    });

  it("zero shards are ready: there may be more workers than shards", async () => {
    await using parts = await live({ shards: 1 });
    const owner = await parts.start({ workerId: "owner" });
    await until(() => owner.progress().shards.some(({ state }) => state === "reading"));
    const idle = await parts.start({ workerId: "idle" });
    await using admin = await startAdmin(idle, { port: 0 });
    // Its first look at the leases is the end of its start.
    await untilAnswered(() => ask(admin, "/readyz"), 200);
    expect((await ask(admin, "/api/v1/shards")).json).toEqual({ shards: [] });
    for (const path of ["/livez", "/readyz", "/readyz?strict"])
      expect(await ask(admin, path)).toMatchObject({ status: 200, json: { status: "ok", reasons: [] } });
  });

  it("a retention that runs out is told in time: degraded is ready, and not with ?strict", async () => {
    await using parts = await live({ shards: 1 });
    const connector = await parts.start();
    const { retentionMs } = connector.progress();
    expect(retentionMs).toBe(24 * 3_600_000);
    await using admin = await startAdmin(
      {
        ...connector,
        [Symbol.asyncIterator]: () => connector[Symbol.asyncIterator](),
        progress: () => {
          const progress = connector.progress();
          const retentionLeftMs = 0.2 * 24 * 3_600_000;
          return {
            ...progress,
            shards: progress.shards.map((shard) => Object.assign(shard, { retentionLeftMs })),
          };
        },
      },
      { port: 0 },
    );
    await until(() => connector.progress().shards.length === 1);
    expect(await ask(admin, "/readyz")).toMatchObject({
      status: 200,
      json: { status: "degraded", reasons: [{ rule: "retention" }] },
    });
    expect(await ask(admin, "/readyz?strict")).toMatchObject({ status: 503 });
    expect(await ask(admin, "/livez")).toMatchObject({ status: 200 });
  });
});
