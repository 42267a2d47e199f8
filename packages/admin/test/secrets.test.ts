import { once } from "node:events";
import * as fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { startAdmin } from "../src/index.js";
import { redacted } from "../src/watching/redacted.js";
import { live, STREAM } from "./live.js";
import { ask, listenTo, socketTo, until } from "./support.js";

const TOKEN = "CANARY-token-with-more-than-thirty-two-characters";
const READ_TOKEN = "CANARY-read-token-with-more-than-thirty-two-characters";

/** Everything that a program may put beside its options, as configuration files have it. */
const CONFIG = {
  application: "clicks-to-s3",
  source: {
    stream: "clicks",
    endpoints: { kinesis: "https://user:CANARY-userinfo@kinesis.example" },
    credentials: { accessKeyId: "CANARY-id", secretAccessKey: "CANARY-key", sessionToken: "CANARY-session" },
  },
  proxy: "http://user:CANARY@proxy-p@ss@proxy.example:3128",
  emitter: {
    type: "opensearch",
    node: "https://search.example/?api_key=CANARY-query&size=5",
    auth: { username: "ops", password: "CANARY-password" },
    tls: { ca: "CANARY-ca", cert: "CANARY-cert", key: "CANARY-key", passphrase: "CANARY-phrase" },
    secretArn: "arn:aws:secretsmanager:eu-central-1:1:secret:shown",
    headers: [
      { Authorization: "Bearer CANARY-bearer", "x-api-key": "CANARY-header", api_key: "CANARY-snake" },
    ],
  },
  admin: {
    token: { env: "CANARY_ENV_NAME" },
    readToken: "CANARY-read",
    tokenParams: "CANARY-params",
    tokenFile: "/run/secrets/shown",
  },
  deep: {
    client: new (class Client {
      readonly secret = "CANARY-client";
    })(),
    make: () => "CANARY-function",
  },
};

afterEach(() => {
  delete process.env["KC_ADMIN_TOKEN"];
});

describe("no answer tells a secret or a record", () => {
  it("whatever is asked, and whatever fails", async () => {
    process.env["KC_ADMIN_TOKEN"] = "CANARY-of-the-environment-with-more-than-32";
    await using parts = await live();
    const connector = await parts.start();
    await using admin = await startAdmin(connector, {
      port: 0,
      token: TOKEN,
      readToken: READ_TOKEN,
      metrics: parts.metrics,
      config: CONFIG,
      steering: { table: parts.table },
      kinesis: parts.kinesis,
    });
    // A listener in a state of every kind: S3 fails with a text that quotes the record, and records are poison.
    parts.aws.faults.add({
      server: "s3",
      operation: "PutObject",
      times: 3,
      effect: { kind: "error", code: "SlowDown", status: 503, message: "CANARY-of-the-service" },
    });
    parts.aws.kinesis.putRecords(
      STREAM,
      [
        "no JSON: CANARY-payload",
        JSON.stringify({ n: 1, secret: "CANARY-payload" }),
        '{"CANARY-payload"',
      ].map((data, n) => ({ partitionKey: `CANARY-key-${n}`, data })),
    );
    const path = `/api/v1/events`;
    const socket = socketTo(admin);
    const stream: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => stream.push(chunk));
    socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${READ_TOKEN}\r\n\r\n`);
    await until(() => connector.progress().totals.recordsEmitted > 0);
    await until(() => connector.progress().totals.deadLetters >= 2);
    const answers: string[] = [];
    const shard = "/api/v1/shards/shardId-000000000000";
    for (const token of [TOKEN, READ_TOKEN, undefined, "wrong"])
      for (const [method, asked, body] of [
        ["GET", "/livez"],
        ["GET", "/readyz"],
        ["GET", "/metrics"],
        ["GET", "/api/v1/status"],
        ["GET", "/api/v1/connectors"],
        ["GET", "/api/v1/shards"],
        ["GET", shard],
        ["GET", "/api/v1/leases"],
        ["GET", "/api/v1/errors"],
        ["GET", "/api/v1/config"],
        ["GET", `${shard}/peek`],
        ["GET", "/api/v1/log-level"],
        ["POST", "/api/v1/pause", "{ CANARY-body"],
        ["POST", "/api/v1/resume"],
        ["POST", `${shard}/reset`, { to: "CANARY-target" }],
        ["POST", `${shard}/reset`, { "CANARY-member": 1 }],
        ["PUT", "/api/v1/log-level", { level: "CANARY" }],
        ["GET", "/CANARY-path"],
      ] as const) {
        const answer = await ask(admin, asked, {
          method,
          ...(token === undefined ? {} : { token }),
          ...(body === undefined ? {} : { body }),
        });
        answers.push(`${method} ${asked} ${answer.status} ${JSON.stringify(answer.headers)} ${answer.text}`);
      }
    // The lease table fails too.
    const denied = parts.aws.faults.add({
      server: "dynamodb",
      operation: "Scan",
      times: "always",
      effect: { kind: "error", code: "AccessDeniedException", status: 400, message: "CANARY-of-the-table" },
    });
    const failed = await ask(admin, "/api/v1/leases", { token: TOKEN });
    parts.aws.faults.remove(denied);
    expect(failed).toMatchObject({ status: 502, json: { error: { code: "AccessDeniedException" } } });
    answers.push(failed.text);
    await connector.stop();
    await until(() => Buffer.concat(stream).toString().includes("connector-stop"));
    socket.destroy();
    await once(socket, "close");
    expect(answers.filter((answer) => answer.includes(" 200 ")).length).toBeGreaterThan(20);
    expect(answers.join("\n")).toContain("SlowDown");
    for (const answer of [
      ...answers.map((text) => text.replace("/CANARY-path", "")),
      Buffer.concat(stream).toString(),
    ])
      expect(answer).not.toMatch(/CANARY/);
  });

  it("a reader is told of a failure of the connector by its code", async () => {
    await using parts = await live({ shards: 1 });
    const connector = await parts.start();
    connector.done.catch(() => undefined);
    await using admin = await startAdmin(connector, { port: 0 });
    const reader = await listenTo(admin);
    parts.aws.faults.add({
      server: "s3",
      operation: "PutObject",
      times: "always",
      effect: { kind: "error", code: "AccessDenied", status: 403, message: "CANARY" },
    });
    parts.put(1, 10);
    await until(() => reader.isEnded());
    expect(reader.messages.at(-1)).toMatchObject({
      event: "snapshot",
      data: { state: "failed", error: { code: "KC_EMIT_REFUSED", cause: "AccessDenied", status: 403 } },
    });
    expect(JSON.stringify(reader.messages)).not.toContain("CANARY");
    expect(await ask(admin, "/livez")).toMatchObject({ status: 503 });
  });
});

describe("a configuration as it is shown", () => {
  it("has the options, and *** for what is secret", () => {
    const shown = redacted(CONFIG);
    expect(JSON.stringify(shown)).not.toMatch(/CANARY/);
    expect(shown).toMatchObject({
      application: "clicks-to-s3",
      source: { stream: "clicks", endpoints: { kinesis: "https://***@kinesis.example" }, credentials: "***" },
      proxy: "http://***@proxy.example:3128",
      emitter: {
        node: "https://search.example/?api_key=***&size=5",
        auth: { username: "ops", password: "***" },
        tls: { ca: "***", key: "***" },
        secretArn: "arn:aws:secretsmanager:eu-central-1:1:secret:shown",
      },
      admin: { token: "***", readToken: "***", tokenFile: "/run/secrets/shown" },
      deep: { client: "[object]", make: "[function]" },
    });
  });

  it("hides user and password of any URL, anywhere in a text", () => {
    fc.assert(
      fc.property(
        fc.webAuthority({ withUserInfo: false }),
        fc.stringMatching(/^[a-zA-Z0-9@:%!$&'*+,;=_.~-]{1,40}$/),
        fc.string(),
        (host, secret, before) => {
          const marked = `MARK${secret}MARK`;
          const text = String(redacted(`${before} see postgres://${marked}@${host}/db`));
          expect(text).not.toContain("MARK");
          expect(text).toContain(`postgres://***@${host}/db`);
        },
      ),
    );
  });

  it("takes no time for hostile texts, and ends in what runs in a circle", () => {
    const circle: Record<string, unknown> = { name: "a" };
    circle["self"] = circle;
    expect(JSON.stringify(redacted(circle))).toContain("[...]");
    const begun = process.cpuUsage();
    for (const text of [
      "a".repeat(100_000),
      "a://".repeat(25_000),
      `a://${"@".repeat(100_000)}`,
      "?key".repeat(25_000),
      `?${"key".repeat(30_000)}`,
    ])
      redacted(text);
    // Of the processor: what else the machine does is no matter.
    expect(process.cpuUsage(begun).user).toBeLessThan(5_000_000);
  });
});
