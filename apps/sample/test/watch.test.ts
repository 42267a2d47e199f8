import { startConnector } from "@kinesis-connectors/consumer";
import { definePipeline, text } from "@kinesis-connectors/core";
import { startLocalAws } from "@kinesis-connectors/local";
import { metricsTally } from "@kinesis-connectors/telemetry";
import { describe, expect, it, vi } from "vitest";
import { localTo } from "../src/deliver.js";
import { watch } from "../src/watch.js";

const sample = async () => {
  const aws = await startLocalAws({ s3: false, limits: "off" });
  aws.kinesis.createStream({ name: "clicks", shardCount: 1 });
  const metrics = metricsTally({ application: "watched" });
  const connector = await startConnector({
    ...localTo(aws, "clicks", new AbortController().signal),
    application: "watched",
    observe: metrics.observe,
    pipeline: definePipeline({
      transformer: text(),
      emitter: {
        capabilities: { duplicates: "possible", ordering: "shard" },
        emit: () => Promise.resolve({ failed: [] }),
      },
    }),
  });
  return {
    aws,
    metrics,
    connector,
    [Symbol.asyncDispose]: async () => {
      await connector.stop();
      await aws.close();
    },
  };
};

describe("--admin PORT", () => {
  it("serves state, health and metrics of the sample, and says where", async () => {
    await using parts = await sample();
    const printed: unknown[] = [];
    const spy = vi.spyOn(process.stderr, "write").mockImplementation((line) => printed.push(line) > 0);
    await using watched = await watch(parts.connector, {
      port: 0,
      metrics: parts.metrics,
      dynamodb: parts.aws.clientOptions("dynamodb"),
    });
    spy.mockRestore();
    expect(printed).toEqual([`watch it: curl ${watched.url}/api/v1/status\n`]);
    const asked = async (path: string): Promise<string> =>
      await (await fetch(`${watched.url}${path}`)).text();
    expect(JSON.parse(await asked("/api/v1/status"))).toMatchObject({
      application: "watched",
      stream: "clicks",
    });
    await expect
      .poll(async () => JSON.parse(await asked("/readyz")) as unknown)
      .toMatchObject({ status: "ok" });
    expect(await asked("/metrics")).toContain("kinesis_connectors_up{");
    expect(JSON.parse(await asked("/api/v1/leases"))).toMatchObject({
      leases: [{ leaseKey: "shardId-000000000000" }],
    });
  });

  it("left out: nothing listens", async () => {
    await using parts = await sample();
    await using watched = await watch(parts.connector, { port: undefined, metrics: parts.metrics });
    expect(watched.url).toBeUndefined();
  });
});
