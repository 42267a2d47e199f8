import { memoryLeases } from "@kinesis-connectors/leases";
import { describe, expect, it } from "vitest";
import { startAdmin } from "../src/index.js";
import { live, numbers } from "./live.js";
import { type Answered, ask, TOKEN, toldConnector, until } from "./support.js";

const SHARDS = ["shardId-000000000000", "shardId-000000000001"] as const;

describe("pause, resume and reset by HTTP", () => {
  it("a paused connector reads nothing, and goes on where it was: 0 lost, 0 duplicated", async () => {
    await using parts = await live();
    const connector = await parts.start();
    await using admin = await startAdmin(connector, {
      port: 0,
      token: TOKEN,
      steering: { table: parts.table },
    });
    const post = (path: string, body?: object): Promise<Answered> =>
      ask(admin, `/api/v1${path}`, { method: "POST", token: TOKEN, ...(body === undefined ? {} : { body }) });
    const states = (): readonly string[] => connector.progress().shards.map(({ state }) => state);
    parts.put(1, 100);
    await until(() => parts.landed().length === 100);

    expect(await post("/pause", { by: "ops@host-c" })).toMatchObject({
      status: 202,
      json: {
        desired: "paused",
        by: "ops@host-c",
        shards: SHARDS.map((shardId) => ({ shardId, pausedBy: "ops@host-c", isNew: true })),
      },
    });
    await until(() => states().every((state) => state === "paused") && states().length === 2);
    parts.put(101, 200);
    const { recordsRead } = connector.progress().totals;
    expect((await ask(admin, "/readyz")).json).toMatchObject({
      status: "ok",
      reasons: [{ rule: "paused" }, { rule: "paused" }],
    });
    expect((await ask(admin, "/api/v1/status", { token: TOKEN })).json).toMatchObject({
      shards: { paused: 2 },
    });
    expect((await ask(admin, `/api/v1/shards/${SHARDS[0]}`, { token: TOKEN })).json).toMatchObject({
      shard: { state: "paused" },
      lease: { pausedBy: "ops@host-c", owner: connector.ownerId },
    });
    expect(connector.progress().totals.recordsRead).toBe(recordsRead);

    // One of them alone.
    expect(await post(`/shards/${SHARDS[0]}/resume`)).toMatchObject({
      status: 202,
      json: { desired: "reading", shards: [{ shardId: SHARDS[0] }] },
    });
    await until(() => states().join() === "reading,paused");
    expect(await post("/resume")).toMatchObject({ status: 202, json: { shards: [{ shardId: SHARDS[1] }] } });
    await until(() => parts.landed().length >= 200);
    expect(parts.landed()).toEqual(numbers(1, 200));
    // Said again, it is so already.
    expect(await post("/resume")).toMatchObject({ status: 202, json: { shards: [] } });
  });

  it("a reset shows its plan, is refused while the shard is read, and is done once its pause is", async () => {
    await using parts = await live({ shards: 1 });
    // A plan looks whether the owner renews, so it takes a renewal.
    const connector = await parts.start({
      leases: { bootstrapJitterMs: 0, failoverTimeMs: 10_000, takePeriodMs: 100 },
    });
    await using admin = await startAdmin(connector, {
      port: 0,
      token: TOKEN,
      steering: { table: parts.table },
    });
    const [shardId] = SHARDS;
    const post = (path: string, body: unknown = {}): Promise<Answered> =>
      ask(admin, `/api/v1/shards/${shardId}${path}`, { method: "POST", token: TOKEN, body });
    const checkpoint = async (): Promise<unknown> => (await parts.table.get(shardId))?.checkpoint;
    parts.put(1, 50);
    await until(() => connector.progress().totals.recordsEmitted === 50);
    const before = await checkpoint();

    expect(await post("/reset", { to: "horizon" })).toMatchObject({
      status: 200,
      json: {
        executed: false,
        plan: {
          isRefused: true,
          shards: [
            {
              shardId,
              owner: connector.ownerId,
              from: before,
              to: { checkpoint: "TRIM_HORIZON" },
              refusal: { code: "not-paused", cure: "pause it first" },
            },
          ],
        },
      },
    });
    const refused = await post("/reset", { to: "horizon", execute: true });
    expect(refused).toMatchObject({ status: 409, json: { error: { code: "KC_STEERING_REFUSED" } } });
    expect(refused.text).toContain("pause it first");
    expect(await checkpoint()).toEqual(before);

    await post("/pause");
    await until(async () => (await parts.table.get(shardId))?.pauseDoneMs !== undefined);
    expect(await post("/reset", { to: "horizon" })).toMatchObject({
      status: 200,
      json: {
        executed: false,
        plan: {
          isRefused: false,
          warnings: [expect.stringContaining("what is read again is written a second time")],
        },
      },
    });
    expect(await checkpoint()).toEqual(before);
    expect(await post("/reset", { to: "horizon", execute: true })).toMatchObject({
      status: 200,
      json: { executed: true },
    });
    expect(await checkpoint()).toBe("TRIM_HORIZON");
    expect(await post("/reset", { to: "horizon" })).toMatchObject({
      json: { plan: { warnings: [], shards: [{ isThere: true }] } },
    });
    await post("/resume");
    await until(() => connector.progress().totals.recordsRead === 100);
    await until(async () => JSON.stringify(await checkpoint()) === JSON.stringify(before));
    // The same records make the same batch, which is there already.
    expect(new Set(parts.landed()).size).toBe(50);
  });

  it.each([
    ["nothing", {}],
    ["a word that is none", { to: "beginning" }],
    ["a time without its zone", { to: "2026-11-29T03:00:00" }],
    ["a day that there is none of", { to: "2026-13-41" }],
    ["a position that is none", { to: { sequenceNumber: "1e5" } }],
    ["a number", { to: 5 }],
    ["execute as a text", { to: "horizon", execute: "true" }],
    ["a time to come", { to: "2999-01-01T00:00:00Z" }],
  ])("a reset to %s is refused", async (_what, body) => {
    await using parts = await live({ shards: 1 });
    const connector = await parts.start();
    await using admin = await startAdmin(connector, {
      port: 0,
      token: TOKEN,
      steering: { table: parts.table },
    });
    const answer = await ask(admin, `/api/v1/shards/${SHARDS[0]}/reset`, {
      method: "POST",
      token: TOKEN,
      body,
    });
    expect(answer).toMatchObject({
      status: 400,
      json: { error: { code: expect.stringMatching(/^(body-malformed|KC_OPTION_INVALID)$/) } },
    });
  });

  it("what may not be paused is refused with the reason, and nothing is changed", async () => {
    const table = memoryLeases().connect();
    const hashKeyRange = { startingHashKey: "0", endingHashKey: "1" };
    for (const [leaseKey, checkpoint] of [
      [SHARDS[0], "SHARD_END"],
      [SHARDS[1], "TRIM_HORIZON"],
    ] as const)
      await table.create({ leaseKey, checkpoint, parentShardIds: [], hashKeyRange });
    await using admin = await startAdmin(toldConnector(), { port: 0, token: TOKEN, steering: { table } });
    const post = (path: string): Promise<Answered> =>
      ask(admin, `/api/v1${path}`, { method: "POST", token: TOKEN });
    const refused = await post(`/shards/${SHARDS[0]}/pause`);
    expect(refused).toMatchObject({ status: 409, json: { error: { code: "KC_STEERING_REFUSED" } } });
    expect(refused.text).toContain("read to its end");
    // All that are not at their end.
    expect(await post("/pause")).toMatchObject({ status: 202, json: { shards: [{ shardId: SHARDS[1] }] } });
    expect((await table.list()).map(({ pausedMs }) => pausedMs !== undefined)).toEqual([false, true]);
  });

  it("without a lease table each says which option it lacks", async () => {
    await using parts = await live({ shards: 1 });
    const connector = await parts.start();
    await using admin = await startAdmin(connector, { port: 0, token: TOKEN });
    for (const path of ["/pause", "/resume", `/shards/${SHARDS[0]}/pause`, `/shards/${SHARDS[0]}/reset`])
      expect(
        await ask(admin, `/api/v1${path}`, {
          method: "POST",
          token: TOKEN,
          body: path.endsWith("reset") ? { to: "horizon" } : {},
        }),
      ).toMatchObject({ status: 501, json: { error: { message: expect.stringContaining("steering") } } });
  });
});
