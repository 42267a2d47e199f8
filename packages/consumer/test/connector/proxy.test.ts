import { inspect } from "node:util";

import { silentLogger, sleep, systemClock } from "@kinesis-connectors/core";
import { failureFrom, startLoopbackProxy } from "@kinesis-connectors/testkit";
import { describe, expect, it } from "vitest";

import { startConnector } from "../../src/connector.js";
import type { ConnectorEvent } from "../../src/events.js";
import { createKinesisClient } from "../../src/kinesis/clients/kinesis-clients.js";
import { fanOut } from "../../src/reading/fan-out-consumer.js";
import { collector, numbered, optionsFor, startAws, STREAM, textPipeline, until } from "./support.js";

/** Kinesis and DynamoDB on loopback, and a connector's options that lead there by a proxy. */
async function startProxied(credentials?: string) {
  const local = await startAws({ shards: 2 });
  const proxy = await startLoopbackProxy(credentials === undefined ? {} : { credentials });
  const collected = collector();
  const url = `http://127.0.0.1:${proxy.port}`;
  return {
    local,
    proxy,
    collected,
    url,
    hosts: [local.endpoints.kinesis, local.endpoints.dynamodb].map((endpoint) => new URL(endpoint).host),
    options: { ...optionsFor(local, textPipeline(collected.emitter)), proxy: url },
    [Symbol.asyncDispose]: async () => {
      await proxy[Symbol.asyncDispose]();
      await local.close();
    },
  };
}

const ofRecords = (texts: readonly string[]): string[] => texts.toSorted();
const expected = (count: number): string[] => ofRecords(numbered(1, count).map(({ data }) => data));

describe("a connector behind a proxy", () => {
  it.each([
    ["polls", undefined],
    ["subscribes", fanOut()],
  ])("%s through it, and keeps its leases through it", async (_how, retrieval) => {
    await using setup = await startProxied("user:SECRET");
    const { local, proxy, collected, options } = setup;
    local.kinesis.putRecords(STREAM, numbered(1, 300));
    await using connector = await startConnector({
      ...options,
      ...(retrieval === undefined ? {} : { retrieval }),
      proxy: `http://user:SECRET@127.0.0.1:${proxy.port}`,
    });
    await until(() => collected.all().length >= 300);
    await connector.stop();
    await connector.done;
    expect(ofRecords(collected.all())).toEqual(expected(300));
    expect(new Set(proxy.asked)).toEqual(new Set(setup.hosts));
    const subscriptions = local.journal.entries({ operation: "SubscribeToShard" }).length;
    expect(subscriptions > 0).toBe(retrieval !== undefined);
  });

  it("waits while the proxy opens no way, and delivers every record once when it does again", async () => {
    await using setup = await startProxied();
    const { local, proxy, collected, options } = setup;
    local.kinesis.putRecords(STREAM, numbered(1, 100));
    // Leases last: what is tried here is the way, and not another owner.
    await using connector = await startConnector({
      ...options,
      leases: { ...options.leases, failoverTimeMs: 60_000 },
    });
    const retries: ConnectorEvent[] = [];
    const watching = (async () => {
      for await (const event of connector) if (event.type === "read-retry") retries.push(event);
    })();
    await until(() => collected.all().length >= 100);
    for (const answer of [502, "close"] as const) {
      const before = retries.length;
      proxy.answer(answer);
      proxy.closeConnections();
      local.kinesis.putRecords(STREAM, answer === 502 ? numbered(101, 200) : numbered(201, 300));
      await until(() => retries.length > before);
      await sleep(systemClock, 300);
      proxy.answer("open");
      await until(() => collected.all().length >= (answer === 502 ? 200 : 300));
    }
    await connector.stop();
    await connector.done;
    await watching;
    expect(ofRecords(collected.all())).toEqual(expected(300));
    expect(retries.every((event) => event.type === "read-retry" && event.kind === "transient")).toBe(true);
  });

  it("ends with the name of the proxy and the cure where it wants credentials: at the stream, and at the lease table", async () => {
    await using setup = await startProxied("user:RIGHT");
    const { local, proxy, options, url } = setup;
    const given = { ...options, proxy: `http://user:SECRET@127.0.0.1:${proxy.port}` };
    const { endpoint, region, credentials } = local.clientOptions("kinesis");
    const direct = await createKinesisClient(
      { endpoint, region, credentials, proxy: false },
      silentLogger,
    ).made();
    for (const [code, more] of [
      ["KC_READ_REFUSED", {}],
      ["KC_LEASE_TABLE", { clients: { kinesis: direct } }],
    ] as const) {
      const error = await failureFrom(startConnector({ ...given, ...more }));
      expect(error).toMatchObject({ code });
      expect(error.message).toContain(`the proxy ${url} does not take these credentials (407)`);
      expect(error.message).toMatch(/put the user and password that it takes into the URL/iu);
      expect(inspect(error, { depth: 9, showHidden: true })).not.toContain("SECRET");
    }
    direct.destroy();
  });

  it("is refused by name before anything is started where the proxy is none", async () => {
    await using setup = await startProxied();
    const { options, proxy } = setup;
    const error = await failureFrom(
      startConnector({ ...options, proxy: "socks5://user:SECRET@127.0.0.1:1080" }),
    );
    expect(error).toMatchObject({ code: "KC_OPTION_INVALID" });
    expect(error.message).toMatch(/^proxy must be the URL of an http or https proxy/);
    expect(error.message).not.toContain("SECRET");
    expect(proxy.connections()).toBe(0);
  });
});
