import { inspect } from "node:util";
import { KinesisConnectorError } from "@kinesis-connectors/core";
import { batchOf, contextOf, deliver, failureFrom, startLoopbackProxy } from "@kinesis-connectors/testkit";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type LocalOpenSearch, startOpenSearch } from "./local-opensearch.js";

const OUTPUTS: readonly object[] = [{ key: "1" }, { key: "2" }, { key: "3" }];

const emitterTo = (service: LocalOpenSearch, proxy: string | false | undefined) =>
  service.emitter(proxy === undefined ? {} : { proxy });
const landed = async (service: LocalOpenSearch): Promise<number> => service.documents().length;
const hosts = ({ node }: LocalOpenSearch): string[] => [new URL(node).host];

/** Everything that is sent goes by a proxy on loopback, which leads it on. */
async function startProxied(credentials?: string) {
  const service = await startOpenSearch();
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

describe("openSearchEmitter, behind a proxy", () => {
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
      expect(error.message).toMatch(
        /\(the proxy http:\S+ open(s|ed) no way to \S+ \((HTTP 502|HTTP 403|ECONNRESET)\)\)/,
      );
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

  it("finds out about dead connections all at once: a time-out, and the next requests are served", async () => {
    await using service = await startOpenSearch();
    await using network = await startLoopbackProxy({ forwardTo: Number(new URL(service.node).port) });
    const emitter = service.emitter({ node: `http://127.0.0.1:${network.port}`, requestTimeoutMs: 1_500 });
    const send = () => deliver(emitter, batchOf(OUTPUTS));
    await Promise.all(Array.from({ length: 6 }, send));
    expect(network.connections()).toBeGreaterThan(1);
    network.forgetConnections();
    let failures = 0;
    for (let nth = 0; nth < 6; nth += 1) await send().catch(() => (failures += 1));
    expect(failures).toBeGreaterThanOrEqual(1);
    expect(failures).toBeLessThanOrEqual(2);
  });
});
