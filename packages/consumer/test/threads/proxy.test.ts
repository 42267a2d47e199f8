import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { type LoopbackProxy, startLoopbackProxy } from "@kinesis-connectors/testkit";
import { describe, expect, it } from "vitest";

import { fanOut } from "../../dist/index.js";
import { numbered, startAws, STREAM, until } from "../connector/support.js";
import { inStream, listening, moduleOf, startProcess, threadedOptions } from "./support.js";

const file = (name: string): string =>
  fileURLToPath(new URL(`../../../../bench/tls/test-only-${name}.pem`, import.meta.url));
const tls = { cert: readFileSync(file("certificate")), key: readFileSync(file("key")) };

const KINESIS = "kinesis.eu-central-1.amazonaws.com";
const DYNAMODB = "dynamodb.eu-central-1.amazonaws.com";
/** Where the SDK goes with a stream or a consumer that it is given by ARN (endpoint rules of its Kinesis client). */
const CONTROL = "000000000000.control-kinesis.eu-central-1.amazonaws.com";
const DATA = "000000000000.data-kinesis.eu-central-1.amazonaws.com";

/** AWS over TLS, in its own names, behind a proxy: a network from which nothing else leads to it. */
async function startBehindProxy(isTls: boolean) {
  const local = await startAws({ shards: 2, local: { kinesis: { tls }, dynamodb: { tls } } });
  const portOf = (endpoint: string): number => Number(new URL(endpoint).port);
  const ports: Readonly<Record<string, number>> = {
    [DYNAMODB]: portOf(local.endpoints.dynamodb),
    ...Object.fromEntries([KINESIS, CONTROL, DATA].map((host) => [host, portOf(local.endpoints.kinesis)])),
  };
  const proxy: LoopbackProxy = await startLoopbackProxy({
    route: (host) => ports[host] ?? 1,
    credentials: "user:RIGHT",
    ...(isTls ? { tls } : {}),
  });
  return {
    local,
    proxy,
    urlWith: (password: string) => `${isTls ? "https" : "http"}://user:${password}@localhost:${proxy.port}`,
    [Symbol.asyncDispose]: async () => {
      await proxy[Symbol.asyncDispose]();
      await local.close();
    },
  };
}

describe("a process with a connector on threads, which the environment leads to a proxy", () => {
  it.each([
    ["polls over TLS", false, undefined, [KINESIS, DYNAMODB]],
    ["subscribes over TLS", false, fanOut(), [KINESIS, CONTROL, DATA, DYNAMODB]],
    ["polls over TLS over TLS", true, undefined, [KINESIS, DYNAMODB]],
    ["subscribes over TLS over TLS", true, fanOut(), [KINESIS, CONTROL, DATA, DYNAMODB]],
  ])("%s, and ends when it is told to", async (_how, isTls, retrieval, hosts) => {
    await using behind = await startBehindProxy(isTls);
    const { local, proxy } = behind;
    using told = listening();
    local.kinesis.putRecords(STREAM, numbered(1, 500));
    const { endpoints: _none, ...options } = threadedOptions(local, moduleOf("texts", told), 2);
    const process = startProcess(
      { ...options, region: "eu-central-1", ...(retrieval === undefined ? {} : { retrieval }) },
      {
        variables: {
          // What the machine has of its own is none.
          https_proxy: "",
          no_proxy: "",
          HTTPS_PROXY: behind.urlWith("RIGHT"),
          NO_PROXY: "169.254.169.254,.internal",
          NODE_EXTRA_CA_CERTS: file("certificate"),
        },
      },
    );
    let hasEnded = false;
    void process.ended.then(() => (hasEnded = true));
    await until(() => hasEnded || told.outputs().length >= 500);
    if (!hasEnded) process.stop();
    expect(await process.ended).toEqual({ said: {}, exitCode: 0 });
    expect(told.byShard()).toEqual(inStream(local));
    expect(told.emitters().size).toBe(2);
    expect(new Set(proxy.asked)).toEqual(new Set(hosts.map((host) => `${host}:443`)));
  });

  it("ends with the proxy's name where the password is wrong, and without it", async () => {
    await using behind = await startBehindProxy(false);
    using told = listening();
    const { endpoints: _none, ...options } = threadedOptions(behind.local, moduleOf("texts", told), 2);
    const { said } = await startProcess(
      { ...options, region: "eu-central-1" },
      { variables: { https_proxy: behind.urlWith("SECRET"), no_proxy: "unused.example.com" } },
    ).ended;
    expect(said.code).toBe("KC_READ_REFUSED");
    expect(said.message).toContain(
      `the proxy http://localhost:${behind.proxy.port} does not take these credentials (407)`,
    );
    expect(said.message).not.toContain("SECRET");
  });
});
