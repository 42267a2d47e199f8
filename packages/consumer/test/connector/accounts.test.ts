import { ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { DescribeStreamSummaryCommand } from "@aws-sdk/client-kinesis";
import { silentLogger, sleep, systemClock } from "@kinesis-connectors/core";
import { virtualClock } from "@kinesis-connectors/testkit";
import { afterEach, describe, expect, it, vi } from "vitest";

import { startConnector } from "../../src/connector.js";
import { createDynamoDbClient } from "../../src/kinesis/clients/dynamodb-client.js";
import { createKinesisClient, createSubscriptionClient } from "../../src/kinesis/clients/kinesis-clients.js";
import { connectorSettings } from "../../src/connector-settings.js";
import { fanOut } from "../../src/reading/fan-out-consumer.js";
import { collector, numbered, optionsFor, startAws, STREAM, textPipeline, until } from "./support.js";

type RequestStep = (next: unknown) => (args: { readonly request: unknown }) => Promise<never>;

const pipeline = textPipeline(collector().emitter);

describe("cross-account: a stream in another account than the lease table", () => {
  it("is read with its own credentials, and the table is written with others", async () => {
    await using local = await startAws();
    local.kinesis.putRecords(STREAM, numbered(1, 20));
    const asked: string[] = [];
    // Over at once, so that each client asks again and again.
    const keysOf = (name: string) => () => {
      asked.push(name);
      return Promise.resolve({
        accessKeyId: name,
        secretAccessKey: "secret",
        expiration: new Date(systemClock.now()),
      });
    };
    const collected = collector();
    const connector = await startConnector({
      ...optionsFor(local, textPipeline(collected.emitter)),
      credentials: { kinesis: keysOf("stream"), dynamodb: keysOf("table") },
    });
    await until(() => collected.all().length >= 20);
    await connector.stop();
    await connector.done;
    expect(new Set(asked)).toEqual(new Set(["stream", "table"]));
  });

  it("may have credentials for one of the two; what is neither is refused by name", () => {
    const keys = { accessKeyId: "a", secretAccessKey: "b" };
    const settings = (credentials: unknown) =>
      connectorSettings<string, string, undefined, undefined>(
        Object.assign(
          { application: "archive", stream: STREAM, pipeline },
          { credentials: credentials as never },
        ),
      );
    expect(settings(keys)).toMatchObject({ kinesis: { credentials: keys }, dynamodb: { credentials: keys } });
    const one = settings({ kinesis: keys });
    expect(one.kinesis.credentials).toBe(keys);
    expect(one.dynamodb.credentials).toBeUndefined();
    for (const wrong of ["AKID", null])
      expect(() => settings(wrong)).toThrow(/credentials must be keys, a function/);
    expect(() => settings({})).toThrow(/accessKeyId is missing/);
    expect(() => settings({ accessKey: "a" })).toThrow(/did you mean accessKeyId\?/);
    expect(() => settings({ kinesis: keys, dynamo: keys })).toThrow(/did you mean dynamodb\?/);
    expect(() => settings({ kinesis: { ...keys, sesionToken: "t" } })).toThrow(
      /credentials.kinesis has no option sesionToken: did you mean sessionToken\?/,
    );
  });
});

describe("cross-account: a consumer that the owner of the stream registered", () => {
  const startOwned = async () => {
    const local = await startAws();
    local.kinesis.putRecords(STREAM, numbered(1, 20));
    const streamArn = `arn:aws:kinesis:${local.clientOptions("kinesis").region}:000000000000:stream/${STREAM}`;
    const call = (operation: string, input: Readonly<Record<string, unknown>>): unknown =>
      JSON.parse(JSON.stringify(local.kinesis.call(operation, input)));
    const { Consumer: consumer } = call("RegisterStreamConsumer", {
      StreamARN: streamArn,
      ConsumerName: "given",
    }) as { Consumer: { ConsumerARN: string } };
    const registered = () => local.journal.entries({ operation: "RegisterStreamConsumer" }).length;
    return { local, consumerArn: consumer.ConsumerARN, before: registered(), registered };
  };

  it.each(["and may be looked at", "and may not be looked at"])(
    "is read with, %s: nothing is registered",
    async (how) => {
      const { local, consumerArn, before, registered } = await startOwned();
      await using _local = local;
      // Subscriptions wait for ACTIVE; where it may not be looked at, nobody waits.
      if (how.includes("not")) {
        await sleep(systemClock, 1_500);
        local.faults.add({
          operation: "DescribeStreamConsumer",
          times: "always",
          effect: { kind: "error", status: 400, code: "AccessDeniedException" },
        });
      }
      const collected = collector();
      const connector = await startConnector({
        ...optionsFor(local, textPipeline(collected.emitter)),
        retrieval: fanOut({ consumerArn }),
      });
      await until(() => collected.all().length >= 20);
      await connector.stop();
      await connector.done;
      expect(registered()).toBe(before);
      expect(local.journal.entries({ operation: "SubscribeToShard" }).length).toBeGreaterThan(0);
      expect(local.journal.entries({ operation: "GetRecords" })).toHaveLength(0);
    },
  );

  it("that is not there stops the start, with who can mend it", async () => {
    const { local, consumerArn } = await startOwned();
    await using _local = local;
    const failed = startConnector({
      ...optionsFor(local, pipeline),
      retrieval: fanOut({ consumerArn: consumerArn.replace(/:\d+$/, ":1") }),
    });
    await expect(failed).rejects.toMatchObject({ code: "KC_READ_REFUSED" });
    await expect(failed).rejects.toThrow(/is not registered \(there is .*\): let the owner of the stream/);
  });

  it("is what the cure names where a stream has as many consumers as it may have, beside the other ways", async () => {
    await using local = await startAws();
    local.faults.add({
      operation: "RegisterStreamConsumer",
      times: "always",
      effect: { kind: "error", status: 400, code: "LimitExceededException" },
    });
    const time = virtualClock();
    const failed = startConnector({
      ...optionsFor(local, pipeline),
      clock: time,
      retrieval: fanOut(),
    });
    const waiting = new Set([failed]);
    const over = failed.then(
      () => new Error("it started"),
      (error: Error) => error,
    );
    void over.finally(() => waiting.clear());
    while (waiting.size > 0) {
      await time.advance(5_000);
      await sleep(systemClock, 1);
    }
    expect((await over).message).toMatch(
      /at most 20 registered consumers \(50 on On-demand Advantage\), queues on it count among them, .* consumerName, or use polling\(\)/,
    );
  });

  it("is checked before anything starts", () => {
    const arn = "arn:aws:kinesis:eu-central-1:000000000000:stream/clicks/consumer/given:1";
    expect(fanOut({ consumerArn: arn })).toMatchObject({ consumerArn: arn });
    expect(() => fanOut({ consumerArn: "given" })).toThrow(/consumerArn must look like/);
    expect(() => fanOut({ consumerArn: arn, consumerName: "given" })).toThrow(/are both given/);
    expect(() =>
      connectorSettings({
        application: "archive",
        stream: "orders",
        pipeline,
        retrieval: fanOut({ consumerArn: arn }),
      }),
    ).toThrow(/is a consumer of stream clicks, and this connector reads orders/);
  });
});

describe("AWS's other addresses, fips and dual stack,", () => {
  afterEach(() => void vi.unstubAllEnvs());

  /** Where a client would go; it goes nowhere. */
  async function hostOf(send: (abortEarly: RequestStep) => Promise<unknown>): Promise<string> {
    let host = "";
    await send((next) => (args) => {
      void next;
      host = (args.request as { hostname: string }).hostname;
      return Promise.reject(new Error("far enough"));
    }).catch(() => undefined);
    return host;
  }

  const hosts = async (): Promise<string[]> => {
    const reach = { region: "us-east-1", credentials: { accessKeyId: "a", secretAccessKey: "b" } };
    const step = { step: "finalizeRequest", priority: "low" } as const;
    const plain = await createKinesisClient(reach, silentLogger).made();
    const subscriptions = await createSubscriptionClient(reach, silentLogger);
    const dynamodb = await createDynamoDbClient(reach, silentLogger, 1_000).made();
    const found = [
      await hostOf((stop) => {
        plain.middlewareStack.add(stop, step);
        return plain.send(new DescribeStreamSummaryCommand({ StreamName: STREAM }));
      }),
      await hostOf((stop) => {
        subscriptions.middlewareStack.add(stop, step);
        return subscriptions.send(new DescribeStreamSummaryCommand({ StreamName: STREAM }));
      }),
      await hostOf((stop) => {
        dynamodb.middlewareStack.add(stop, step);
        return dynamodb.send(new ListTablesCommand({}));
      }),
    ];
    for (const client of [plain, subscriptions, dynamodb]) client.destroy();
    return found;
  };

  it.each([
    [{}, "kinesis.us-east-1.amazonaws.com", "dynamodb.us-east-1.amazonaws.com"],
    [
      { AWS_USE_FIPS_ENDPOINT: "true" },
      "kinesis-fips.us-east-1.amazonaws.com",
      "dynamodb-fips.us-east-1.amazonaws.com",
    ],
    [{ AWS_USE_DUALSTACK_ENDPOINT: "true" }, "kinesis.us-east-1.api.aws", "dynamodb.us-east-1.api.aws"],
    [
      { AWS_USE_FIPS_ENDPOINT: "true", AWS_USE_DUALSTACK_ENDPOINT: "true" },
      "kinesis-fips.us-east-1.api.aws",
      "dynamodb-fips.us-east-1.api.aws",
    ],
  ])("are used as the variables %j say", async (variables, kinesis, dynamodb) => {
    for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
    expect(await hosts()).toEqual([kinesis, kinesis, dynamodb]);
  });
});
