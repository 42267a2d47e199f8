import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { KinesisClient } from "@aws-sdk/client-kinesis";
import { silentLogger } from "@kinesis-connectors/core";
import { afterEach, describe, expect, it, vi } from "vitest";

import { createDynamoDbClient } from "../../src/kinesis/clients/dynamodb-client.js";
import { createKinesisClient, createSubscriptionClient } from "../../src/kinesis/clients/kinesis-clients.js";
import { startConnector } from "../../src/connector.js";
import { sdkKinesis } from "../../src/kinesis/sdk-kinesis.js";
import { SOURCES, startFarServer } from "../support/far-server.js";
import { collector, optionsFor, startAws, textPipeline } from "./support.js";

afterEach(() => {
  vi.unstubAllEnvs();
});

const stub = (variables: Readonly<Record<string, string>>): void => {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
};

describe.each(SOURCES)("an endpoint over http on another machine, named by %s", (_name, variablesOf) => {
  it.each(["kinesis", "dynamodb"] as const)(
    "is refused at the start, before anything is sent to it: %s",
    async (service) => {
      await using local = await startAws();
      await using far = await startFarServer();
      const { emitter, opened } = collector();
      const { endpoints, ...options } = optionsFor(local, textPipeline(emitter));
      stub(variablesOf(service, far));
      const start = startConnector({ ...options, endpoints: { ...endpoints, [service]: undefined } });
      await expect(start).rejects.toMatchObject({ code: "KC_OPTION_INVALID" });
      await expect(start).rejects.toThrow(
        /is http to another machine \(0\.0\.0\.0\): use https, or set allowInsecure/,
      );
      expect(far.requests()).toBe(0);
      expect(opened()).toBe(0);
      // Not even to where it may go: the two are looked at together.
      expect(local.journal.entries().filter(({ operation }) => operation !== "CreateStream")).toEqual([]);
    },
  );

  it("is refused to a client of the caller's own that takes it from there", async () => {
    await using local = await startAws();
    await using far = await startFarServer();
    const { emitter } = collector();
    const options = optionsFor(local, textPipeline(emitter));
    stub(variablesOf("kinesis", far));
    const kinesis = new KinesisClient({ region: "eu-central-1", maxAttempts: 1 });
    const dynamodb = new DynamoDBClient(local.clientOptions("dynamodb"));
    const start = { ...options, endpoints: {}, clients: { kinesis, dynamodb } };
    await expect(startConnector(start)).rejects.toThrow(/http to another machine/);
    expect(far.requests()).toBe(0);
    kinesis.destroy();
    dynamodb.destroy();
  });

  it("is used where that is allowed", async () => {
    await using local = await startAws();
    await using far = await startFarServer();
    const { endpoints, ...options } = optionsFor(local, textPipeline(collector().emitter));
    stub(variablesOf("kinesis", far));
    const start = { ...options, endpoints: { dynamodb: endpoints?.dynamodb ?? "" }, allowInsecure: true };
    await expect(startConnector(start)).rejects.toMatchObject({ code: "KC_STREAM_MISSING" });
    expect(far.requests()).toBeGreaterThan(0);
  });

  it("gets nothing of a client that asks past the check", async () => {
    await using far = await startFarServer();
    stub(variablesOf("kinesis", far));
    const reach = { region: "eu-central-1", credentials: { accessKeyId: "a", secretAccessKey: "b" } };
    const plain = await createKinesisClient(reach, silentLogger).made();
    for (const client of [plain, await createSubscriptionClient(reach, silentLogger)]) {
      const api = sdkKinesis(client, { StreamName: "clicks" }, { ownsClient: true });
      await expect(api.describeStream()).rejects.toThrow(/http to another machine/);
      api.close();
    }
    const dynamodb = await createDynamoDbClient({ ...reach, endpoint: far.url }, silentLogger, 1_000).made();
    await expect(dynamodb.send(new ListTablesCommand())).rejects.toThrow(/http to another machine/);
    dynamodb.destroy();
    expect(far.requests()).toBe(0);
  });
});

describe("an endpoint of the environment", () => {
  it("on this machine is used, by each of its names", async () => {
    await using local = await startAws();
    const { port } = new URL(local.endpoints.kinesis);
    const { endpoints, ...options } = optionsFor(local, textPipeline(collector().emitter));
    for (const host of ["127.0.0.1", "localhost", "kinesis.localhost"]) {
      stub({ AWS_ENDPOINT_URL_KINESIS: `http://${host}:${port}` });
      const lookup = startConnector({
        ...options,
        stream: "missing",
        endpoints: { dynamodb: endpoints?.dynamodb ?? "" },
      });
      await expect(lookup).rejects.toMatchObject({
        code: expect.stringMatching(/KC_STREAM_MISSING|KC_READ_REFUSED/),
      });
    }
  });

  it("is no matter where the code names another", async () => {
    await using local = await startAws();
    const options = optionsFor(local, textPipeline(collector().emitter));
    stub({ AWS_ENDPOINT_URL: "http://example.com" });
    const connector = await startConnector(options);
    await connector.stop();
    await expect(connector.done).resolves.toBeUndefined();
  });
});
