import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { KinesisConnectorError } from "@kinesis-connectors/core";
import { batchOf, contextOf, deliver, failureFrom, startLoopbackProxy } from "@kinesis-connectors/testkit";
import { afterEach, describe, expect, it, vi } from "vitest";
import { kinesisEmitter } from "@kinesis-connectors/kinesis";
import { type LocalTarget, startTarget } from "./support.js";

const OUTPUTS: readonly unknown[] = [{ id: 1 }, { id: 2 }, { id: 3 }];

const emitterTo = (service: LocalTarget, proxy: string | false | undefined) =>
  service.emitter(proxy === undefined ? {} : { proxy });
const landed = async (service: LocalTarget): Promise<number> => service.texts().length;
const hosts = ({ aws }: LocalTarget): string[] => [new URL(aws.endpoints.kinesis).host];

/** Everything that is sent goes by a proxy on loopback, which leads it on. */
async function startProxied(credentials?: string) {
  const service = await startTarget();
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

describe("kinesisEmitter, behind a proxy", () => {
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

  it("goes through it for the credentials of a role as well", async () => {
    await using proxy = await startLoopbackProxy();
    proxy.answer(502);
    const folder = mkdtempSync(join(tmpdir(), "kinesis-connectors-proxy-"));
    writeFileSync(join(folder, "token"), "token");
    vi.stubEnv("AWS_WEB_IDENTITY_TOKEN_FILE", join(folder, "token"));
    vi.stubEnv("AWS_ROLE_ARN", "arn:aws:iam::000000000000:role/connector");
    for (const name of ["AWS_ACCESS_KEY_ID", "AWS_PROFILE"]) vi.stubEnv(name, undefined);
    const url = `http://127.0.0.1:${proxy.port}`;
    const emitter = kinesisEmitter({ stream: "clicks", region: "us-east-1", proxy: url });
    await failureFrom(deliver(emitter, batchOf(OUTPUTS)));
    expect(proxy.asked[0]).toBe("sts.us-east-1.amazonaws.com:443");
    await emitter.close?.();
    rmSync(folder, { recursive: true });
  });

  it.each([
    [{}, "kinesis.us-east-1.amazonaws.com"],
    [{ AWS_USE_FIPS_ENDPOINT: "true" }, "kinesis-fips.us-east-1.amazonaws.com"],
    [{ AWS_USE_DUALSTACK_ENDPOINT: "true" }, "kinesis.us-east-1.api.aws"],
    [{ AWS_USE_FIPS_ENDPOINT: "true", AWS_USE_DUALSTACK_ENDPOINT: "true" }, "kinesis-fips.us-east-1.api.aws"],
  ])("asks it for the address of AWS that the variables %j mean", async (variables, host) => {
    for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
    await using proxy = await startLoopbackProxy({ credentials: "user:RIGHT" });
    const credentials = { accessKeyId: "a", secretAccessKey: "b" };
    const reach = { region: "us-east-1", credentials, proxy: `http://127.0.0.1:${proxy.port}` };
    const emitter = kinesisEmitter({ stream: "clicks", ...reach });
    const error = await failureFrom((async () => emitter.open?.(contextOf(undefined)))());
    expect(error).toMatchObject({ code: "KC_EMIT_REFUSED" });
    expect(error.message).toContain("asks for credentials (407)");
    expect(proxy.asked[0]).toBe(`${host}:443`);
    await emitter.close?.();
  });
});
