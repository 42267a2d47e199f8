import { KinesisClient, PutRecordsCommand } from "@aws-sdk/client-kinesis";
import { BodyMemory, HttpHandler, keepRequests } from "@kinesis-connectors/aws";
import { failureFrom } from "@kinesis-connectors/testkit";
import { kinesisProtocol } from "@kinesis-connectors/wire/protocol";
import { expect, it } from "vitest";
import { startRecorder } from "../support/recorder.js";

/** {"Records": [{"ShardId": "s"}, {"ShardId": "s"}]} */
const RESULTS = Buffer.from("a1675265636f72647382a167536861726449646173a167536861726449646173", "hex");
const RECORD_BYTES = 60_000;

const inputOf = (byte: number) => ({
  StreamName: "orders",
  Records: [0, 1].map((nth) => ({
    Data: Buffer.alloc(RECORD_BYTES, byte + nth),
    PartitionKey: `é-${byte}-${nth}`,
  })),
});

it("memory of a request serves the next one when it has been answered well, and no other one", async () => {
  await using server = await startRecorder({ body: RESULTS });
  const memory = new BodyMemory();
  const taken: ArrayBufferLike[] = [];
  const given: ArrayBufferLike[] = [];
  const requestMemory = {
    take: (bytes: number) => {
      const buffer = memory.take(bytes);
      taken.push(buffer.buffer);
      return buffer;
    },
    give: (body: Buffer) => {
      given.push(body.buffer);
      memory.give(body);
    },
  };
  const { protocol } = kinesisProtocol({ requestMemory });
  const client = new KinesisClient({
    region: "eu-central-1",
    credentials: { accessKeyId: "a", secretAccessKey: "b" },
    maxAttempts: 1,
    endpoint: server.endpoint,
    requestHandler: new HttpHandler(),
    protocol,
  });
  client.middlewareStack.remove("loggerMiddleware");
  const send = keepRequests(client);
  const put = (byte: number) => send(PutRecordsCommand, inputOf(byte));

  // The client's own way, from which the next ones are learnt.
  await put(10);
  await put(20);
  await put(30);
  const [second, third] = taken.slice(-2);
  expect(given.map((memory) => memory === second && memory === third)).toEqual([true, true]);

  server.answer = { status: 503, body: "{}" };
  await failureFrom(put(40));
  server.answer = { body: RESULTS, cutAt: 5 };
  await failureFrom(put(50));
  server.answer = { body: RESULTS };
  await put(60);
  expect(given).toHaveLength(3);
  const [refused, cut, answered] = taken.slice(-3);
  expect(given.at(-1)).toBe(answered);
  expect(answered === refused || answered === cut || refused === cut).toBe(false);

  // Two that are under way at once.
  await Promise.all([put(70), put(80)]);
  expect(taken.at(-1)).not.toBe(taken.at(-2));

  const bodies = server.asked.map(({ body }) => body);
  for (const [index, body] of bodies.slice(0, 6).entries()) {
    for (const { Data, PartitionKey } of inputOf(10 * (index + 1)).Records) {
      expect(body.includes(Data)).toBe(true);
      expect(body.includes(PartitionKey)).toBe(true);
    }
    expect(body.length).toBe(bodies[0]?.length);
  }
  for (const byte of [70, 80])
    expect(bodies.slice(6).filter((body) => body.includes(`é-${byte}-1`))).toHaveLength(1);
  client.destroy();
});
