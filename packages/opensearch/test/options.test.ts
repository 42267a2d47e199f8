import { batchOf, contextOf, failureFrom, keepingLogger } from "@kinesis-connectors/testkit";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { openSearchEmitter, type OpenSearchEmitterOptions } from "@kinesis-connectors/opensearch";
import { startOpenSearch } from "./local-opensearch.js";
import { failuresOf } from "./support.js";

const node = "https://search.example";
type Options = OpenSearchEmitterOptions<object>;

describe("options", () => {
  it.each<[string, Partial<Options>]>([
    ["node", { node: "search.example" }],
    ["node", { node: "ftp://search.example" }],
    ["node", { node: "https://user:canary@search.example" }],
    ["node", { node: "http://search.example" }],
    ["node", { node: "http://169.254.169.254" }],
    ["node", { node: "http://127.0.0.1.example" }],
    ["index", { index: "Clicks" }],
    ["index", { index: "clicks-{now}" }],
    ["operation", { operation: "update" as "index" }],
    ["operation", { operation: "index", dataStream: true }],
    ["ordering", { ordering: "guarded" }],
    ["ordering", { ordering: "guarded", id: () => "x", operation: "create" }],
    ["ordering", { ordering: "guarded", id: "auto" }],
    ["id", { id: "position" as "auto" }],
    ["maxRequestBytes", { maxRequestBytes: 0 }],
    ["maxRequestBytes", { maxRequestBytes: 101 * 1024 * 1024 }],
    ["maxRequestDocuments", { maxRequestDocuments: 1.5 }],
    ["requestTimeoutMs", { requestTimeoutMs: 0 }],
    ["compression", { compression: "brotli" as "gzip" }],
    ["aws", { aws: { region: "eu-central-1" }, auth: { username: "u", password: "canary" } }],
    ["aws.region", { aws: { region: "" } }],
    ["auth.apiKey", { auth: { apiKey: "" } }],
    ["auth.apiKey", { auth: { apiKey: "canary", username: "u", password: "p" } }],
    ["auth.password", { auth: { username: "u", password: "" } }],
  ])("a bad %s is one sentence that names it: %j", async (option, options) => {
    const make = async () => openSearchEmitter({ node, index: "clicks", ...options });
    const error = await failureFrom(make());
    expect(error).toMatchObject({ code: "KC_OPTION_INVALID" });
    expect(error.message.startsWith(option)).toBe(true);
    expect(error.message).not.toContain("canary");
  });

  it("an emitter of another document does not fit", () => {
    const emitter = openSearchEmitter<{ readonly page: string }>({
      node,
      index: "clicks",
      id: ({ page }) => page,
    });
    // @ts-expect-error a number is no document
    const wrong = () => openSearchEmitter<number>({ node, index: "clicks" });
    expect([typeof emitter.emit, typeof wrong]).toEqual(["function", "function"]);
  });

  it("S11 a record cannot name an endpoint: all requests go to the node", async () => {
    await using server = await startOpenSearch();
    const hostile = { node: "http://169.254.169.254", endpoint: "http://169.254.169.254", index: "x" };
    expect(await failuresOf(server.emitter(), batchOf([hostile]))).toEqual({});
    expect(server.documents().map(({ index }) => index)).toEqual(["clicks"]);
  });
});

describe("opening", () => {
  it("fails with a cure where nothing answers, and not where only looking is forbidden", async () => {
    const server = await startOpenSearch();
    const emitter = server.emitter();
    server.aws.faults.add({
      operation: "Info",
      effect: { kind: "error", status: 403, code: "security_exception" },
    });
    server.aws.faults.add({
      operation: "Info",
      nth: 2,
      effect: { kind: "error", status: 401, code: "security_exception" },
    });
    const { signal, logger } = contextOf(undefined);
    await emitter.open?.({ signal, logger });
    expect(await failureFrom(Promise.resolve(emitter.open?.({ signal, logger })))).toMatchObject({
      code: "KC_EMIT_REFUSED",
    });
    await server.aws.close();
    expect(await failureFrom(Promise.resolve(emitter.open?.({ signal, logger })))).toMatchObject({
      code: "KC_EMIT_REFUSED",
      message: expect.stringContaining("cannot be reached"),
    });
    await server[Symbol.asyncDispose]();
  });
});

describe("signing", () => {
  it("sends an API key as Elasticsearch reads it", async () => {
    const seen: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      request.resume();
      seen.push(request.headers.authorization);
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ items: [{ index: { status: 201 } }] }));
    });
    await new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", resolve);
    });
    const { port } = server.address() as AddressInfo;
    const emitter = openSearchEmitter<object>({
      node: `http://127.0.0.1:${port}`,
      index: "clicks",
      auth: { apiKey: "a2V5OnNlY3JldA==" },
    });
    expect(await failuresOf(emitter, batchOf([{}]))).toEqual({});
    expect(seen).toEqual(["ApiKey a2V5OnNlY3JldA=="]);
    await emitter.close?.();
    server.closeAllConnections();
    server.close();
  });

  it("signs for the domain's region and service, and fetches fresh keys once when the session is over", async () => {
    const seen: string[] = [];
    const server = createServer((request, response) => {
      request.resume();
      const { authorization = "", "x-amz-content-sha256": digest = "" } = request.headers;
      seen.push(authorization);
      const fresh = authorization.includes("AKIDFRESH") && /^[\da-f]{64}$/u.test(String(digest));
      response.writeHead(fresh ? 200 : 403, { "content-type": "application/json" });
      response.end(
        JSON.stringify(
          fresh
            ? { items: [{ index: { status: 201 } }] }
            : { message: "The security token included in the request is expired" },
        ),
      );
    });
    await new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", resolve);
    });
    const { port } = server.address() as AddressInfo;
    const asked: (boolean | undefined)[] = [];
    const emitter = openSearchEmitter<object>({
      node: `http://127.0.0.1:${port}`,
      index: "clicks",
      aws: {
        region: "eu-central-1",
        credentials: (given) => {
          asked.push(given?.forceRefresh);
          const accessKeyId = given?.forceRefresh === true ? "AKIDFRESH" : "AKIDSTALE";
          return Promise.resolve({ accessKeyId, secretAccessKey: "secret" });
        },
      },
    });
    expect(await failuresOf(emitter, batchOf([{}]))).toEqual({});
    expect(asked).toEqual([undefined, true]);
    expect(
      seen.map((header) => /Credential=(\w+)\/\d{8}\/([\w-]+)\/(\w+)\//u.exec(header)?.slice(1)),
    ).toEqual([
      ["AKIDSTALE", "eu-central-1", "es"],
      ["AKIDFRESH", "eu-central-1", "es"],
    ]);
    await emitter.close?.();
    server.close();
  });

  it("stops when keys that cannot be renewed are over", async () => {
    await using server = await startOpenSearch();
    server.aws.faults.add({
      operation: "Bulk",
      effect: { kind: "error", status: 403, code: "expired", message: "the security token is expired" },
    });
    const keys = { accessKeyId: "AKID", secretAccessKey: "secret" };
    const emitter = server.emitter({ aws: { region: "eu-central-1", credentials: keys } });
    expect(await failureFrom(emitter.emit(batchOf([{}]), contextOf(undefined)))).toMatchObject({
      code: "KC_EMIT_REFUSED",
    });
  });
});

describe("no failure tells", () => {
  const canary = /canary/iu;
  const told = (error: unknown, lines: readonly string[]): string =>
    `${inspect(error, { depth: 20, showHidden: true })}\n${error instanceof Error ? error.stack : ""}\n${lines.join("\n")}`;
  const secrets = [
    { auth: { username: "user", password: "canary-password" } },
    { auth: { apiKey: "canary-key" } },
    {
      aws: {
        region: "eu-central-1",
        credentials: { accessKeyId: "CANARYKEY", secretAccessKey: "canary-secret" },
      },
    },
  ] as const;
  const effects = [
    { kind: "error", status: 400, code: "parse_exception", message: "canary" },
    { kind: "error", status: 401, code: "security_exception", message: "canary" },
    { kind: "error", status: 403, code: "canary exception", message: "canary" },
    { kind: "error", status: 413, code: "content_too_long_exception" },
    { kind: "error", status: 500, code: "internal_server_error", message: "canary" },
    { kind: "reset", at: "before-headers" },
    { kind: "reset", at: "inside-headers" },
    { kind: "reset", at: "inside-body" },
    { kind: "truncated-body" },
    { kind: "content-type", value: "text/plain" },
    { kind: "partial-failure", code: "mapper_parsing_exception" },
    { kind: "stalled-body" },
  ] as const;

  it.each(effects)("S05 S06 a credential or a record: $kind $status $code $at", async (effect) => {
    for (const secret of secrets) {
      await using server = await startOpenSearch();
      server.aws.faults.add({ operation: "Bulk", times: "always", phase: "after", effect });
      const logger = keepingLogger();
      const emitter = server.emitter({ ...secret, requestTimeoutMs: 200 });
      const outcome = await emitter
        .emit(batchOf([{ note: "canary-payload" }]), contextOf(undefined, { logger }))
        .catch((error: unknown) => error);
      const errors =
        typeof outcome === "object" &&
        outcome !== null &&
        "failed" in outcome &&
        Array.isArray(outcome.failed)
          ? outcome.failed.map((failed: { readonly error: Error }) => failed.error)
          : [outcome];
      expect(errors.length).toBeGreaterThan(0);
      for (const error of errors) expect(told(error, logger.lines)).not.toMatch(canary);
    }
  });

  it("S06 a document that JSON cannot hold, or that has another type than its index", async () => {
    await using server = await startOpenSearch();
    const loop: Record<string, unknown> = { canary: 1 };
    loop["self"] = loop;
    const numbers = batchOf<object>([{ canary: 1 }, { canary: "canary-text" }, loop]);
    const { failed } = await server.emitter().emit(numbers, contextOf(undefined));
    expect(failed.map(({ action }) => action)).toEqual(["dead-letter", "dead-letter"]);
    for (const { error } of failed) expect(told(error, [])).not.toMatch(canary);
  });
});

describe("S01 the shipped policy", () => {
  it("grants what the emitter calls: POST on _bulk, and no more", async () => {
    await using server = await startOpenSearch();
    const emitter = server.emitter();
    await emitter.emit(batchOf([{}]), contextOf(undefined));
    await emitter.emit(batchOf([{}]), contextOf(undefined));
    expect(new Set(server.aws.journal.entries().map(({ operation }) => operation))).toEqual(
      new Set(["Bulk"]),
    );
    const policy = readFileSync(new URL("../iam/emitter-policy.json", import.meta.url), "utf8");
    expect([...policy.matchAll(/"(es:\w+)"/gu)].map(([, action]) => action)).toEqual(["es:ESHttpPost"]);
    expect(policy).toContain("/_bulk");
  });
});
