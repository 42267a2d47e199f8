import { once } from "node:events";
import { createServer } from "node:http";
import { KinesisClient, ListShardsCommand, type ListShardsCommandOutput } from "@aws-sdk/client-kinesis";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { describe, expect, it } from "vitest";
import { kinesisProtocol } from "../src/protocol.js";

/** Lists the shards of a Kinesis that answers with this. */
async function shardsFrom(statusCode: number, body: string): Promise<ListShardsCommandOutput> {
  const server = createServer((_request, response) => {
    response.writeHead(statusCode, { "content-type": "application/x-amz-json-1.1" }).end(body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const client = new KinesisClient({
    region: "eu-central-1",
    credentials: { accessKeyId: "a", secretAccessKey: "b" },
    endpoint: `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`,
    maxAttempts: 1,
    requestHandler: new NodeHttpHandler(),
    protocol: kinesisProtocol().protocol,
  });
  try {
    return await client.send(new ListShardsCommand({ StreamName: "clicks" }));
  } finally {
    client.destroy();
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  }
}

const shard = (index: number): object => ({
  ShardId: `shardId-${String(index).padStart(12, "0")}`,
  ParentShardId: "shardId-000000000000",
  AdjacentParentShardId: "shardId-000000000001",
  HashKeyRange: { StartingHashKey: "0", EndingHashKey: "340282366920938463463374607431768211455" },
  SequenceNumberRange: { StartingSequenceNumber: "1", EndingSequenceNumber: "2" },
});

describe("an answer that the SDK reads", () => {
  it.each<[string, number, (many: string) => string]>([
    ["a list of shards", 200, (many) => `{"Shards":[${many}{}]}`],
    ["an error", 400, (many) => `{"__type":"ResourceNotFoundException","more":[${many}{}]}`],
  ])("is refused where it would take far more memory than its bytes: %s", async (_, statusCode, bodyOf) => {
    await expect(shardsFrom(statusCode, bodyOf("{},".repeat(1_000_000)))).rejects.toMatchObject({
      name: "WireFormatError",
      message: expect.stringContaining("more than 400000 values"),
    });
  });

  it("is taken with as many shards as one answer may have", async () => {
    const shards = Array.from({ length: 10_000 }, (_, index) => shard(index));
    const { Shards: listed = [] } = await shardsFrom(200, JSON.stringify({ Shards: shards }));
    expect(listed).toEqual(shards);
  });

  it("names its error as ever", async () => {
    await expect(
      shardsFrom(400, '{"__type":"ResourceNotFoundException","message":"no such stream"}'),
    ).rejects.toMatchObject({ name: "ResourceNotFoundException", message: "no such stream" });
  });
});
