import { KinesisClient } from "@aws-sdk/client-kinesis";
import { describe, expect, it, vi } from "vitest";
import { hasCode } from "@kinesis-connectors/core";
import { kinesisEmitter, type KinesisEmitterOptions } from "@kinesis-connectors/kinesis";
import { deliver, thrownBy } from "@kinesis-connectors/testkit";
import { batchOf, startTarget, TARGET } from "./support.js";

const ARN = `arn:aws:kinesis:eu-central-1:000000000000:stream/${TARGET}`;

/** What a caller without types could give. */
const refusalOf = (options: object): Error =>
  thrownBy(() => kinesisEmitter(options as KinesisEmitterOptions<unknown>));

describe("options", () => {
  it.each<[string, object]>([
    ["stream is missing", {}],
    ["stream and streamArn", { stream: TARGET, streamArn: ARN }],
    ["stream must", { stream: ARN }],
    ["stream must", { stream: "" }],
    ["stream must", { stream: 7 }],
    ["streamArn must", { streamArn: "arn:aws:s3:::bucket" }],
    ["partitionKey must", { stream: TARGET, partitionKey: "id" }],
    ["data must", { stream: TARGET, data: "json" }],
    ["explicitHashKey must", { stream: TARGET, explicitHashKey: "0" }],
    ["ordering must", { stream: TARGET, ordering: "shard" }],
    ["aggregate must", { stream: TARGET, aggregate: "yes" }],
    ["aggregate.maxBytes must", { stream: TARGET, aggregate: { maxBytes: 1024 * 1024 } }],
    ["aggregate.maxRecords must", { stream: TARGET, aggregate: { maxRecords: 0 } }],
    ["maxRecordBytes must", { stream: TARGET, maxRecordBytes: 11 * 1024 * 1024 }],
    ["maxRecordBytes must", { stream: TARGET, maxRecordBytes: 1000 }],
    ["positionField must", { stream: TARGET, positionField: "" }],
    ["positionField cannot", { stream: TARGET, positionField: "source", data: () => "" }],
    ["endpoint must be a URL", { stream: TARGET, endpoint: "kinesis" }],
    ["endpoint must not hold credentials", { stream: TARGET, endpoint: "https://a:b@example.com" }],
    ["endpoint is http to another machine", { stream: TARGET, endpoint: "http://example.com" }],
    ["requestTimeoutMs must", { stream: TARGET, requestTimeoutMs: 0 }],
    ["maxSockets must", { stream: TARGET, maxSockets: 0.5 }],
    ["region must", { stream: TARGET, region: " " }],
    ["region cannot be given beside client", { stream: TARGET, client: new KinesisClient({}), region: "x" }],
  ])("%s: refused by name", (message, options) => {
    const error = refusalOf(options);
    expect(hasCode(error, "KC_OPTION_INVALID")).toBe(true);
    expect(error.message).toContain(message);
  });

  it("looks at the endpoint of the environment by the same rule", () => {
    vi.stubEnv("AWS_ENDPOINT_URL_KINESIS", "http://example.com");
    try {
      expect(refusalOf({ stream: TARGET }).message).toContain("allowInsecure");
      expect(kinesisEmitter({ stream: TARGET, allowInsecure: true }).capabilities.duplicates).toBe(
        "possible",
      );
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it("an own client is used and stays open", async () => {
    await using target = await startTarget();
    const client = new KinesisClient(target.connection);
    const emitter = target.emitter<string>({ client });
    await deliver(emitter, batchOf([{ output: "a" }]));
    await emitter.close?.();
    await deliver(target.emitter<string>({ client }), batchOf([{ output: "b" }]));
    expect(target.texts().toSorted()).toEqual(["a", "b"]);
    client.destroy();
  });

  it("the ARN of the stream names it in all requests, and gives the region", async () => {
    await using target = await startTarget();
    const { endpoint, credentials } = target.connection;
    const emitter = kinesisEmitter<string>({ streamArn: ARN, endpoint, credentials, aggregate: true });
    expect(await deliver(emitter, batchOf([{ output: "a" }]))).toEqual({ failed: [] });
    await emitter.close?.();
    expect(target.texts()).toEqual(["a"]);
  });
});
