import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import type { Clock } from "@kinesis-connectors/core";
import { virtualClock } from "@kinesis-connectors/testkit";
import { describe, expect, it } from "vitest";
import { type AdminOptions, startAdmin } from "../src/index.js";
import { ask, TOKEN, toldConnector } from "./support.js";

/** What only a caller without types can pass. */
const untyped = (value: unknown): never => value as never;

describe("startAdmin", () => {
  it("says that a port is in use, by the name of the option, and leaves nothing behind", async () => {
    const other = createServer();
    other.listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    const connector = toldConnector();
    await expect(startAdmin(connector, { port })).rejects.toMatchObject({
      code: "KC_OPTION_INVALID",
      message: expect.stringMatching(new RegExp(`^port ${port} of 127\\.0\\.0\\.1 is in use`)),
    });
    await using free = await startAdmin(connector, { port: 0 });
    const used = Number(new URL(free.url).port);
    // The first address is had, the second is not: the first is given back.
    const first = await startAdmin(connector, { port: 0 });
    await first.close();
    const again = Number(new URL(first.url).port);
    await expect(
      startAdmin(connector, { port: again, expose: { host: "127.0.0.1", port: used } }),
    ).rejects.toMatchObject({
      message: expect.stringMatching(/^expose\.port \d+ of 127\.0\.0\.1 is in use/),
    });
    await expect(ask(`http://127.0.0.1:${again}`, "/livez")).rejects.toMatchObject({ code: "ECONNREFUSED" });
    connector.tell({ type: "leader-elect", leader: true });
    await expect.poll(() => connector.listeners()).toBe(1);
    other.close();
  });

  it("says of an address that is not this machine's which option named it", async () => {
    await expect(
      startAdmin(toldConnector(), { host: "192.0.2.1", port: 0, token: TOKEN }),
    ).rejects.toMatchObject({
      message: expect.stringMatching(/^host 192\.0\.2\.1 cannot be listened on \(EADDRNOTAVAIL\)/),
    });
  });

  it.each<[string, unknown, RegExp]>([
    ["a port that is none", { port: 70_000 }, /^port must be a whole number from 0 to 65535/],
    ["a host with a port", { host: "127.0.0.1:80" }, /^host must be an address/],
    ["an empty host", { host: "" }, /^host must be/],
    ["a token with a blank", { token: "a b" }, /^token must be a text/],
    ["an empty token", { token: "" }, /^token must be a text/],
    ["a token that is a number", { token: 5 }, /^token takes its options|^token must be/],
    ["hosts that are no list", { allowedHosts: "ops" }, /^allowedHosts must be an array/],
    ["an exposed port that is missing", { expose: { host: "127.0.0.1" } }, /^expose\.port is missing/],
    ["a table that is none", { steering: { table: {} } }, /^steering\.table must be a lease table/],
    ["a logger without a level", { logger: console }, /^logger must be a logger whose level is a text/],
    ["a configuration that is a text", { config: "x" }, /^config must be the object/],
  ])("refuses %s", async (_what, options, message) => {
    await expect(
      startAdmin(toldConnector(), { port: 0, ...(options as AdminOptions) }),
    ).rejects.toMatchObject({ code: "KC_OPTION_INVALID", message: expect.stringMatching(message) });
  });

  it("refuses a connector that was not awaited, and what is none", async () => {
    const promised = Promise.resolve(toldConnector());
    await expect(startAdmin(untyped(promised))).rejects.toMatchObject({
      message: "connector is a promise: await it",
    });
    for (const none of [undefined, null, {}, "connector"])
      await expect(startAdmin(untyped(none))).rejects.toMatchObject({ code: "KC_OPTION_INVALID" });
  });

  it("serves several connectors, each below its name, and joins their verdicts", async () => {
    const [clicks, orders] = [toldConnector("clicks-archive"), toldConnector("orders-archive")];
    await using admin = await startAdmin(
      new Map([
        ["clicks", { connector: clicks, config: { of: "clicks" } }],
        ["orders", { connector: orders }],
      ]),
      { port: 0 },
    );
    expect((await ask(admin, "/api/v1/connectors")).json).toMatchObject({
      connectors: [
        { name: "clicks", state: "running", status: "ok", path: "/api/v1/connectors/clicks" },
        { name: "orders", state: "running", status: "ok", path: "/api/v1/connectors/orders" },
      ],
    });
    expect(await ask(admin, "/api/v1/connectors/orders/status")).toMatchObject({
      json: { connector: "orders", application: "orders-archive" },
    });
    expect(await ask(admin, "/api/v1/connectors/clicks/config")).toMatchObject({
      json: { config: { of: "clicks" } },
    });
    // Which of them is not said.
    expect(await ask(admin, "/api/v1/status")).toMatchObject({ status: 404 });
    expect(await ask(admin, "/livez")).toMatchObject({ status: 200, json: { status: "ok", reasons: [] } });
    orders.fail(new Error("x"));
    await expect.poll(async () => (await ask(admin, "/livez")).status).toBe(503);
    expect(await ask(admin, "/readyz")).toMatchObject({
      status: 503,
      json: { status: "failing", reasons: [{ connector: "orders", rule: "failed" }] },
    });
  });

  it.each([
    ["orders: to/s3 *", "orders__to_s3__"],
    ["..", "connector"],
    [":shardId", "_shardId"],
    ['клики"\n', "_______"],
  ])("serves one connector whose application is %j below %s too", async (application, name) => {
    await using admin = await startAdmin(toldConnector(application), { port: 0 });
    const { json } = await ask(admin, "/api/v1/connectors");
    expect(json).toMatchObject({ connectors: [{ name, path: `/api/v1/connectors/${name}` }] });
    for (const path of [`/api/v1/connectors/${name}/status`, "/api/v1/status"])
      expect(await ask(admin, path)).toMatchObject({ status: 200, json: { connector: name, application } });
  });

  it.each<[string, unknown, unknown]>([
    ["none", new Map(), {}],
    ["a name that is no part of a path", new Map([["..", { connector: toldConnector() }]]), {}],
    ["a name with a slash", new Map([["a/b", { connector: toldConnector() }]]), {}],
    ["an entry that is the connector itself", new Map([["a", toldConnector()]]), {}],
    [
      "what belongs to one of them beside the map",
      new Map([["a", { connector: toldConnector() }]]),
      { config: {} },
    ],
  ])("refuses a map of %s", async (_what, connectors, options) => {
    await expect(startAdmin(untyped(connectors), { port: 0, ...(options as object) })).rejects.toMatchObject({
      code: "KC_OPTION_INVALID",
    });
  });
});

describe("/livez", () => {
  it("fails once the loop has not come round to its timers for four failover times", async () => {
    const time = virtualClock();
    let isStuck = false;
    let aheadMs = 0;
    const clock: Clock = {
      now: () => time.now(),
      monotonicNow: () => time.monotonicNow() + aheadMs,
      setTimer: (delayMs, callback) => time.setTimer(delayMs, () => (isStuck ? undefined : callback())),
    };
    await using admin = await startAdmin(toldConnector(), { port: 0, clock });
    expect(await ask(admin, "/livez")).toMatchObject({ status: 200 });
    isStuck = true;
    aheadMs = 39_000;
    expect(await ask(admin, "/livez")).toMatchObject({ status: 200 });
    aheadMs = 41_000;
    expect(await ask(admin, "/livez")).toMatchObject({
      status: 503,
      json: { reasons: [{ rule: "event-loop-stalled", value: 41_000, limit: 40_000 }] },
    });
  });

  it("fails when the connector failed; not when it was stopped, which only /readyz tells", async () => {
    const [stopped, failed] = [toldConnector(), toldConnector()];
    await using first = await startAdmin(stopped, { port: 0 });
    await using second = await startAdmin(failed, { port: 0 });
    await stopped.stop();
    failed.fail(Object.assign(new Error("x"), { code: "KC_EMIT_REFUSED" }));
    expect(await ask(first, "/livez")).toMatchObject({ status: 200 });
    expect(await ask(first, "/readyz")).toMatchObject({
      status: 503,
      json: { reasons: [{ rule: "stopped" }] },
    });
    expect(await ask(second, "/livez")).toMatchObject({
      status: 503,
      json: { status: "failing", reasons: [{ rule: "failed", value: "KC_EMIT_REFUSED" }] },
    });
  });
});

describe("/api/v1/log-level", () => {
  it("asks and sets the level of a logger that has one", async () => {
    const logger = {
      set level(level: string) {
        if (level === "nonsense") throw new Error("unknown level nonsense");
        this.current = level;
      },
      get level() {
        return this.current;
      },
      current: "info",
    };
    await using admin = await startAdmin(toldConnector(), { port: 0, token: TOKEN, logger });
    const set = (body: unknown) => ask(admin, "/api/v1/log-level", { method: "PUT", token: TOKEN, body });
    expect(await set({ level: "debug" })).toMatchObject({ status: 200, json: { level: "debug" } });
    expect(await ask(admin, "/api/v1/log-level", { token: TOKEN })).toMatchObject({
      json: { level: "debug" },
    });
    for (const wrong of [{ level: "nonsense" }, { level: 5 }, {}, { level: "debug", forMs: 5 }])
      expect(await set(wrong)).toMatchObject({ status: 400, json: { error: { code: "body-malformed" } } });
    expect(logger.current).toBe("debug");
  });

  it("says which option it lacks", async () => {
    await using admin = await startAdmin(toldConnector(), { port: 0, token: TOKEN });
    const answer = await ask(admin, "/api/v1/log-level", {
      method: "PUT",
      token: TOKEN,
      body: { level: "debug" },
    });
    expect(answer).toMatchObject({
      status: 501,
      json: { error: { message: expect.stringContaining("logger") } },
    });
  });
});
