import { silentLogger, sleep, systemClock } from "@kinesis-connectors/core";
import { startClockAhead } from "@kinesis-connectors/testkit";
import { describe, expect, it } from "vitest";

import { startConnector } from "../../src/connector.js";
import { createKinesisClient, createSubscriptionClient } from "../../src/kinesis/clients/kinesis-clients.js";
import { sdkKinesis } from "../../src/kinesis/sdk-kinesis.js";
import { collector, numbered, optionsFor, startAws, STREAM, textPipeline, until } from "./support.js";

const TWENTY_MINUTES_MS = 20 * 60_000;

describe("clock-is-off: a connector whose machine's clock is wrong", () => {
  it.each([
    ["from the start", TWENTY_MINUTES_MS, TWENTY_MINUTES_MS],
    ["of a sudden", 0, TWENTY_MINUTES_MS],
    ["until it is set right", -TWENTY_MINUTES_MS, 0],
  ])("places every record once, %s", async (_when, firstMs, thenMs) => {
    await using local = await startAws();
    await using kinesis = await startClockAhead(local.endpoints.kinesis, { aheadMs: firstMs });
    await using dynamodb = await startClockAhead(local.endpoints.dynamodb, { aheadMs: firstMs });
    local.kinesis.putRecords(STREAM, numbered(1, 20));
    const collected = collector();
    const connector = await startConnector({
      ...optionsFor(local, textPipeline(collected.emitter)),
      endpoints: { kinesis: kinesis.endpoint, dynamodb: dynamodb.endpoint },
    });
    await until(() => collected.all().length >= 20);
    kinesis.aheadMs = thenMs;
    dynamodb.aheadMs = thenMs;
    local.kinesis.putRecords(STREAM, numbered(21, 40));
    await until(() => collected.all().length >= 40);
    await connector.stop();
    await connector.done;
    expect(collected.all()).toEqual(numbered(1, 40).map(({ data }) => data));
    // One for each operation that was under way at a step, and no more.
    expect(kinesis.refused).toBeGreaterThan(0);
    expect(kinesis.refused).toBeLessThanOrEqual(3);
    expect(dynamodb.refused).toBeLessThanOrEqual(8);
  });
});

describe("clock-is-off: subscriptions, which have a client of their own", () => {
  it("are signed with what the other calls learnt, and asked for once more when their own is refused", async () => {
    await using local = await startAws();
    const { region, credentials, endpoint } = local.clientOptions("kinesis");
    await using ahead = await startClockAhead(local.endpoints.kinesis, { aheadMs: TWENTY_MINUTES_MS });
    const plain = await createKinesisClient(
      { region, credentials, endpoint: ahead.endpoint },
      silentLogger,
    ).made();
    const subscriber = await createSubscriptionClient({ region, credentials, endpoint }, silentLogger);
    const signedMs: number[] = [];
    subscriber.middlewareStack.add(
      (next) => (args) => {
        const { headers } = args.request as { headers: Record<string, string> };
        const date = headers["x-amz-date"] ?? "";
        signedMs.push(Date.parse(date.replace(/^(....)(..)(..T..)(..)(..Z)$/, "$1-$2-$3:$4:$5")));
        return next(args);
      },
      { step: "finalizeRequest", priority: "low" },
    );
    const api = sdkKinesis(
      plain,
      { StreamName: STREAM },
      { ownsClient: true, subscriptionClient: () => subscriber },
    );
    const { streamArn } = await api.describeStream();
    const { consumerArn } = await api.registerConsumer(streamArn, "reader");
    while ((await api.describeConsumer(streamArn, "reader"))?.status !== "ACTIVE")
      await sleep(systemClock, 20);
    const before = ahead.passed;
    local.faults.add({
      server: "kinesis",
      operation: "SubscribeToShard",
      effect: {
        kind: "error",
        status: 400,
        code: "InvalidSignatureException",
        message: "Signature expired: 20261129T075500Z is now earlier than 20261129T081000Z",
      },
    });
    const stop = new AbortController();
    const events = await api.subscribeToShard(
      consumerArn,
      "shardId-000000000000",
      { type: "trim-horizon" },
      stop.signal,
    );
    expect(events).toBeDefined();
    // One plain call between the two, which is what corrects the clock.
    expect(ahead.passed).toBe(before + 1);
    expect(signedMs).toHaveLength(2);
    for (const ms of signedMs) expect(ms - systemClock.now()).toBeGreaterThan(TWENTY_MINUTES_MS - 60_000);
    stop.abort();
    api.close();
  });
});
