import { writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { startAdmin } from "../src/index.js";
import { ask, READ_TOKEN, TOKEN, toldConnector } from "./support.js";

const SHORT_TOKEN = "only-31-characters-are-in-here.";

afterEach(() => {
  delete process.env["KC_ADMIN_TOKEN"];
});

describe("where it listens", () => {
  it.each(["0.0.0.0", "::", "[::]", "192.0.2.1", "a-host.example"])(
    "refuses %s without a token",
    async (host) => {
      await expect(startAdmin(toldConnector(), { host, port: 0 })).rejects.toMatchObject({
        code: "KC_OPTION_INVALID",
        message: expect.stringMatching(/^host .* give token as well, with 32 characters or more/),
      });
    },
  );

  it("refuses 0.0.0.0 with a token of 31 characters, and with a readToken of 31", async () => {
    expect(SHORT_TOKEN).toHaveLength(31);
    for (const tokens of [{ token: SHORT_TOKEN }, { token: TOKEN, readToken: SHORT_TOKEN }])
      await expect(
        startAdmin(toldConnector(), { host: "0.0.0.0", port: 0, ...tokens }),
      ).rejects.toMatchObject({ code: "KC_OPTION_INVALID", message: expect.stringContaining("oken") });
  });

  it("takes 0.0.0.0 with a token of 32 characters, which may come from the environment", async () => {
    process.env["KC_ADMIN_TOKEN"] = `${SHORT_TOKEN}+`;
    await using admin = await startAdmin(toldConnector(), { host: "0.0.0.0", port: 0 });
    expect(admin.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(await ask(admin, "/api/v1/status")).toMatchObject({ status: 401 });
    expect(await ask(admin, "/api/v1/status", { token: `${SHORT_TOKEN}+` })).toMatchObject({ status: 200 });
  });

  it("is on loopback where no host is given: no other address of this machine answers", async () => {
    await using admin = await startAdmin(toldConnector(), { port: 0 });
    expect(new URL(admin.url).hostname).toBe("127.0.0.1");
    const others = Object.values(networkInterfaces())
      .flat()
      .filter((address) => address?.family === "IPv4" && !address.internal);
    for (const other of others)
      await expect(
        ask(`http://${other?.address}:${new URL(admin.url).port}`, "/livez"),
      ).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  it("reads a token from a file, without the end of its line", async () => {
    const folder = await mkdtemp(join(tmpdir(), "admin-token-"));
    const file = join(folder, "token");
    writeFileSync(file, `${TOKEN}\n`);
    await using admin = await startAdmin(toldConnector(), { port: 0, token: { file } });
    expect(await ask(admin, "/api/v1/status", { token: TOKEN })).toMatchObject({ status: 200 });
    await rm(folder, { recursive: true });
    await expect(startAdmin(toldConnector(), { port: 0, token: { file } })).rejects.toMatchObject({
      code: "KC_OPTION_INVALID",
      message: expect.stringMatching(/^token\.file cannot be read \(ENOENT\)/),
    });
  });
});

describe("the token", () => {
  it("is asked for by everything below /api, and by nothing else", async () => {
    await using admin = await startAdmin(toldConnector(), { port: 0, token: TOKEN });
    for (const path of ["/api/v1/status", "/api/v1/events", "/api/v1/config", "/api/v1/nowhere", "/api/"])
      expect(await ask(admin, path)).toMatchObject({
        status: 401,
        headers: { "www-authenticate": "Bearer" },
        json: { error: { code: "token-missing" } },
      });
    for (const path of ["/livez", "/readyz"]) expect(await ask(admin, path)).toMatchObject({ status: 200 });
  });

  it.each([
    ["another one", `Bearer ${TOKEN}x`],
    ["a part of it", `Bearer ${TOKEN.slice(0, -1)}`],
    ["another scheme", `Basic ${TOKEN}`],
    ["nothing behind the scheme", "Bearer "],
    ["the token alone", TOKEN],
    ["the token twice", `Bearer ${TOKEN} ${TOKEN}`],
  ])("is refused as %s", async (_what, authorization) => {
    await using admin = await startAdmin(toldConnector(), { port: 0, token: TOKEN });
    const answer = await ask(admin, "/api/v1/status", { headers: { authorization } });
    expect(answer.status).toBe(401);
    expect(answer.text).not.toContain(TOKEN);
  });

  it("for reading reads, and changes nothing", async () => {
    const connector = toldConnector();
    await using admin = await startAdmin(connector, { port: 0, token: TOKEN, readToken: READ_TOKEN });
    expect(await ask(admin, "/api/v1/status", { token: READ_TOKEN })).toMatchObject({ status: 200 });
    for (const [method, path] of [
      ["POST", "/api/v1/drain"],
      ["POST", "/api/v1/pause"],
      ["PUT", "/api/v1/log-level"],
    ] as const)
      expect(await ask(admin, path, { method, token: READ_TOKEN })).toMatchObject({
        status: 403,
        json: { error: { code: "token-reads-only" } },
      });
    expect(connector.isStopped()).toBe(false);
    expect(await ask(admin, "/api/v1/drain", { method: "POST", token: TOKEN })).toMatchObject({
      status: 202,
    });
    expect(connector.isStopped()).toBe(true);
  });

  it("that is not set: reading goes, a change does not, and says how it would", async () => {
    const connector = toldConnector();
    await using admin = await startAdmin(connector, { port: 0 });
    expect(await ask(admin, "/api/v1/status")).toMatchObject({ status: 200 });
    for (const token of [undefined, TOKEN, "undefined", ""])
      expect(
        await ask(admin, "/api/v1/drain", { method: "POST", ...(token === undefined ? {} : { token }) }),
      ).toMatchObject({
        status: 401,
        json: { error: { message: expect.stringContaining("KC_ADMIN_TOKEN") } },
      });
    expect(connector.isStopped()).toBe(false);
  });
});

describe("the Host of a request", () => {
  it.each([
    "evil.example",
    "evil.example:9464",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "169.254.169.254",
    "[fe80::1]",
    "a b",
  ])("is refused where it is %j, with the right token too", async (host) => {
    await using admin = await startAdmin(toldConnector(), { port: 0, token: TOKEN });
    for (const path of ["/livez", "/metrics", "/api/v1/status"]) {
      const answer = await ask(admin, path, { token: TOKEN, headers: { host } });
      expect([400, 403]).toContain(answer.status);
      expect(answer.json).toMatchObject({
        error: { code: expect.stringMatching(/^(host-refused|request-malformed)$/) },
      });
    }
  });

  it.each([
    "localhost",
    "LOCALHOST:1",
    "127.0.0.1:80",
    "127.0.0.1",
    "[::1]:9464",
    "ops.internal",
    "ops.internal:443",
    "ops.internal.",
  ])("is taken where it is %s", async (host) => {
    await using admin = await startAdmin(toldConnector(), { port: 0, allowedHosts: ["Ops.Internal"] });
    expect(await ask(admin, "/livez", { headers: { host } })).toMatchObject({ status: 200 });
  });
});

describe("the Origin of a request", () => {
  it.each(["http://evil.example", "null", "https://127.0.0.1.evil.example", "http://127.0.0.1:1"])(
    "is refused where it is %s: there is no CORS",
    async (origin) => {
      const connector = toldConnector();
      await using admin = await startAdmin(connector, { port: 0, token: TOKEN });
      const answer = await ask(admin, "/api/v1/drain", { method: "POST", token: TOKEN, headers: { origin } });
      expect(answer).toMatchObject({ status: 403, json: { error: { code: "origin-refused" } } });
      expect(connector.isStopped()).toBe(false);
      const asked = await ask(admin, "/api/v1/drain", {
        method: "OPTIONS",
        token: TOKEN,
        headers: { origin },
      });
      expect(Object.keys(asked.headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
    },
  );

  it.each(["cross-site", "same-site"])(
    "a browser need not name it: what a %s page loads takes no stream of events, and a link to here is followed",
    async (site) => {
      await using admin = await startAdmin(toldConnector(), { port: 0 });
      const image = { "sec-fetch-site": site, "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image" };
      for (const path of ["/api/v1/events", "/api/v1/status", "/metrics"])
        expect(await ask(admin, path, { headers: image })).toMatchObject({
          status: 403,
          json: { error: { code: "origin-refused" } },
        });
      const frame = { ...image, "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe" };
      expect(await ask(admin, "/api/v1/status", { headers: frame })).toMatchObject({ status: 403 });
      const link = { ...frame, "sec-fetch-dest": "document" };
      expect(await ask(admin, "/api/v1/status", { headers: link })).toMatchObject({ status: 200 });
    },
  );

  it("is taken where it is the server's own", async () => {
    await using admin = await startAdmin(toldConnector(), { port: 0, token: TOKEN });
    const headers = { origin: admin.url };
    expect(await ask(admin, "/api/v1/drain", { method: "POST", token: TOKEN, headers })).toMatchObject({
      status: 202,
    });
  });
});

describe("an exposed address", () => {
  it("has probes and metrics, and nothing of the API", async () => {
    await using admin = await startAdmin(toldConnector(), {
      port: 0,
      token: TOKEN,
      expose: { host: "0.0.0.0", port: 0 },
    });
    const exposed = String(admin.exposedUrl);
    expect(await ask(exposed, "/livez")).toMatchObject({ status: 200 });
    expect(await ask(exposed, "/readyz")).toMatchObject({ status: 200 });
    expect(await ask(exposed, "/metrics")).toMatchObject({
      status: 404,
      json: { error: { code: "not-configured" } },
    });
    for (const path of ["/api/v1/status", "/api/v1/connectors", "/api/v1/events"])
      expect(await ask(exposed, path, { token: TOKEN })).toMatchObject({
        status: 404,
        json: { error: { code: "not-found" } },
      });
    expect(await ask(exposed, "/livez", { headers: { host: "evil.example" } })).toMatchObject({
      status: 403,
    });
  });
});
