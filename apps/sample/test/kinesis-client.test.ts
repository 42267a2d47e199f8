import { once } from "node:events";
import { createServer } from "node:http2";
import {
  DescribeStreamSummaryCommand,
  type KinesisClient,
  ResourceNotFoundException,
} from "@aws-sdk/client-kinesis";
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
    let requests = 0;
    // The SDK speaks HTTP/2 to Kinesis unless told otherwise.
    const server = createServer((_request, response) => {
      requests += 1;
      response.writeHead(400, { "content-type": "application/x-amz-json-1.1" });
      response.end('{"__type":"ResourceNotFoundException"}');
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    // Answers here, and passes for another machine.
    lead(`http://0.0.0.0:${typeof address === "object" && address !== null ? address.port : 0}`);
    await expect(kinesisClient({ allowInsecure: false })).rejects.toMatchObject({
      code: "KC_OPTION_INVALID",
      message: expect.stringMatching(/AWS_ENDPOINT_URL\*.*http to another machine/),
    });
    expect(requests).toBe(0);
    const client = await kinesisClient({ allowInsecure: true });
    await expect(describeStream(client)).rejects.toThrow(ResourceNotFoundException);
    expect(requests).toBe(1);
    client.destroy();
    server.close();
    await once(server, "close");
  });
});
