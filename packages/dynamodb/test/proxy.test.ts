import { inspect } from "node:util";
import { KinesisConnectorError } from "@kinesis-connectors/core";
import { batchOf, contextOf, deliver, failureFrom, startLoopbackProxy } from "@kinesis-connectors/testkit";
import { afterEach, describe, expect, it, vi } from "vitest";
import { dynamoDbEmitter } from "@kinesis-connectors/dynamodb";
import { type LocalDynamoDb, type Order, startDynamoDb } from "./local-dynamodb.js";

const OUTPUTS: readonly Order[] = [{ id: "1" }, { id: "2" }, { id: "3" }];

const emitterTo = (service: LocalDynamoDb, proxy: string | false | undefined) =>
  service.emitter(proxy === undefined ? {} : { proxy });
const landed = async (service: LocalDynamoDb): Promise<number> => (await service.items()).size;
const hosts = ({ aws }: LocalDynamoDb): string[] => [new URL(aws.endpoints.dynamodb).host];

/** Everything that is sent goes by a proxy on loopback, which leads it on. */
async function startProxied(credentials?: string) {
  const service = await startDynamoDb();
  const proxy = await startLoopbackProxy(credentials === undefined ? {} : { credentials });
  return {
    service,
    proxy,
    url: `http://127.0.0.1:${proxy.port}`,
    [Symbol.asyncDispose]: async () => {
      await service[Symbol.asyncDispose]();
      await proxy[Symbol.asyncDispose]();
    },
  };
}

describe("dynamoDbEmitter, behind a proxy", () => {
  afterEach(() => void vi.unstubAllEnvs());

  it("reaches its destination through it, and through nothing else", async () => {
    await using setup = await startProxied("user:SECRET");
    const { service, proxy } = setup;
    const emitter = emitterTo(service, `http://user:SECRET@127.0.0.1:${proxy.port}`);
    await emitter.open?.(contextOf(undefined));
    expect((await deliver(emitter, batchOf(OUTPUTS))).failed).toEqual([]);
    expect(await landed(service)).toBe(OUTPUTS.length);
    expect(new Set(proxy.asked)).toEqual(new Set(hosts(service)));
    // And stays there: what it had opened serves on.
    const before = proxy.asked.length;
    await deliver(emitter, batchOf(OUTPUTS));
    expect(proxy.asked.length).toBeLessThanOrEqual(before + hosts(service).length);
  });

  it("is stopped by a proxy that wants credentials, at its start and later, by an error that names it and not them", async () => {
    await using setup = await startProxied("user:RIGHT");
    const { service, url } = setup;
    const emitter = emitterTo(service, url.replace("//", "//user:SECRET@"));
    const asked = [
      async () => emitter.open?.(contextOf(undefined)),
      () => deliver(emitter, batchOf(OUTPUTS)),
    ];
    for (const ask of asked) {
      const error = await failureFrom(ask());
      expect(error).toMatchObject({ code: "KC_EMIT_REFUSED" });
      expect(error.message).toContain(`the proxy ${url} does not take these credentials (407)`);
      expect(error.message).toMatch(/put the user and password/);
      expect(inspect(error, { depth: 9, showHidden: true })).not.toContain("SECRET");
    }
    expect(await landed(service)).toBe(0);
  });

  it.each([502, 403, "close"] as const)(
    "waits where it opens no way (%s), and goes on when it does",
    async (answer) => {
      await using setup = await startProxied();
      const { service, proxy, url } = setup;
      const emitter = emitterTo(service, url);
      proxy.answer(answer);
      const error = await failureFrom(deliver(emitter, batchOf(OUTPUTS)));
      expect(KinesisConnectorError.isInstance(error)).toBe(false);
      proxy.answer("open");
      expect((await deliver(emitter, batchOf(OUTPUTS))).failed).toEqual([]);
      expect(await landed(service)).toBe(OUTPUTS.length);
    },
  );

  it("is led by the environment, but never to this machine", async () => {
    await using setup = await startProxied();
    const { service, proxy, url } = setup;
    for (const name of ["HTTPS_PROXY", "HTTP_PROXY"]) vi.stubEnv(name, url);
    const emitter = emitterTo(service, undefined);
    expect((await deliver(emitter, batchOf(OUTPUTS))).failed).toEqual([]);
    expect(proxy.asked).toEqual([]);
    vi.stubEnv("HTTPS_PROXY", "ftp://user:SECRET@proxy");
    expect(() => emitterTo(service, undefined)).toThrow(
      /^HTTPS_PROXY must be the URL of an http or https proxy/,
    );
    expect(() => emitterTo(service, false)).not.toThrow();
  });

  it.each([
    [{}, "dynamodb.us-east-1.amazonaws.com"],
    [{ AWS_USE_FIPS_ENDPOINT: "true" }, "dynamodb-fips.us-east-1.amazonaws.com"],
    [{ AWS_USE_DUALSTACK_ENDPOINT: "true" }, "dynamodb.us-east-1.api.aws"],
    [
      { AWS_USE_FIPS_ENDPOINT: "true", AWS_USE_DUALSTACK_ENDPOINT: "true" },
      "dynamodb-fips.us-east-1.api.aws",
    ],
  ])("asks it for the address of AWS that the variables %j mean", async (variables, host) => {
    for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
    await using proxy = await startLoopbackProxy({ credentials: "user:RIGHT" });
    const credentials = { accessKeyId: "a", secretAccessKey: "b" };
    const reach = { region: "us-east-1", credentials, proxy: `http://127.0.0.1:${proxy.port}` };
    const emitter = dynamoDbEmitter({ table: "orders", ...reach });
    const error = await failureFrom((async () => emitter.open?.(contextOf(undefined)))());
    expect(error).toMatchObject({ code: "KC_EMIT_REFUSED" });
    expect(error.message).toContain("asks for credentials (407)");
    expect(proxy.asked[0]).toBe(`${host}:443`);
    await emitter.close?.();
  });
});
