import { DescribeStreamSummaryCommand, type KinesisClient } from "@aws-sdk/client-kinesis";
import { startLocalAws } from "@kinesis-connectors/local";
import { afterEach, describe, expect, it, vi } from "vitest";
import { kinesisClient } from "../src/index.js";

afterEach(() => {
  vi.unstubAllEnvs();
});

function lead(endpoint: string): void {
  vi.stubEnv("AWS_ENDPOINT_URL_KINESIS", endpoint);
  vi.stubEnv("AWS_REGION", "eu-central-1");
  vi.stubEnv("AWS_ACCESS_KEY_ID", "a");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "b");
}

const describeStream = (client: KinesisClient): Promise<unknown> =>
  client.send(new DescribeStreamSummaryCommand({ StreamName: "clicks" }));

describe("the client of a sample", () => {
  it("goes where the variables lead it, on this machine", async () => {
    await using aws = await startLocalAws({ s3: false, dynamodb: false, opensearch: false });
    aws.kinesis.createStream({ name: "clicks" });
    lead(aws.endpoints.kinesis);
    const client = await kinesisClient({ allowInsecure: false });
    expect(await describeStream(client)).toMatchObject({
      StreamDescriptionSummary: { StreamName: "clicks" },
    });
    client.destroy();
  });

  it("goes to no other machine over http, unless that is permitted outright", async () => {
    await using aws = await startLocalAws({ s3: false, dynamodb: false, opensearch: false });
    aws.kinesis.createStream({ name: "clicks" });
    // Answers here, and passes for another machine.
    lead(aws.endpoints.kinesis.replace("127.0.0.1", "0.0.0.0"));
    await expect(kinesisClient({ allowInsecure: false })).rejects.toMatchObject({
      code: "KC_OPTION_INVALID",
      message: expect.stringMatching(/AWS_ENDPOINT_URL\*.*http to another machine/),
    });
    const client = await kinesisClient({ allowInsecure: true });
    expect(await describeStream(client)).toMatchObject({
      StreamDescriptionSummary: { StreamName: "clicks" },
    });
    client.destroy();
  });
});
