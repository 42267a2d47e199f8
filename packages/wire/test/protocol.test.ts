import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

import {
  ExpiredIteratorException,
  GetRecordsCommand,
  type GetRecordsCommandOutput,
  GetShardIteratorCommand,
  KinesisClient,
  ProvisionedThroughputExceededException,
  PutRecordsCommand,
  RegisterStreamConsumerCommand,
  ResourceInUseException,
  SubscribeToShardCommand,
} from "@aws-sdk/client-kinesis";
import { type CborForm, type LocalAws, startLocalAws } from "@kinesis-connectors/local";
import { EventStreamCodec } from "@smithy/core/event-streams";
import { fromUtf8, toUtf8 } from "@smithy/core/serde";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { encodeCbor } from "../src/cbor/cbor-writer.js";
import { decodeCbor } from "../src/cbor/decode-cbor.js";
import { PageRecord, WireFormatError } from "../src/index.js";
import { kinesisProtocol, type WireFormat } from "../src/protocol.js";
import { writePutRecordsJson } from "../src/json/put-records-json.js";
import { seenOfSdk } from "./support/sdk-decoder.js";

const STREAM = "orders";
const SHARD = "shardId-000000000000";

/** A client that speaks our protocol; without retries, so that every answer is seen. */
const fastClient = (
  reach: { readonly endpoint: string },
  wireFormat?: WireFormat,
  options: { readonly attached?: boolean } = {},
) => {
  let told = 0;
  const fast = kinesisProtocol({
    ...(wireFormat === undefined ? {} : { wireFormat }),
    onFallback: () => {
      told += 1;
    },
  });
  const client = new KinesisClient({
    region: "eu-central-1",
    credentials: { accessKeyId: "a", secretAccessKey: "b" },
    ...reach,
    maxAttempts: 1,
    requestHandler: new NodeHttpHandler(),
    protocol: fast.protocol,
  });
  if (options.attached !== false) fast.attach(client);
  return { client, fallbacks: fast.fallbacks, told: () => told };
};

const startStream = async (cbor: CborForm = "definite"): Promise<LocalAws> => {
  const local = await startLocalAws({
    kinesis: { cbor },
    s3: false,
    dynamodb: false,
    opensearch: false,
    limits: "off",
  });
  local.kinesis.createStream({ name: STREAM, shardCount: 1 });
  return local;
};

const firstIterator = async (client: KinesisClient): Promise<string> => {
  const { ShardIterator = "" } = await client.send(
    new GetShardIteratorCommand({ StreamName: STREAM, ShardId: SHARD, ShardIteratorType: "TRIM_HORIZON" }),
  );
  return ShardIterator;
};

interface Asked {
  readonly contentType: string | undefined;
  readonly target: string | undefined;
  readonly body: Buffer;
}

/** An HTTP server whose answers a test writes itself. */
const answering = async (answer: (asked: Asked, response: ServerResponse, count: number) => void) => {
  const requests: Asked[] = [];
  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk as Uint8Array));
    const target = request.headers["x-amz-target"];
    const asked: Asked = {
      contentType: request.headers["content-type"],
      target: typeof target === "string" ? target : undefined,
      body: Buffer.concat(chunks),
    };
    requests.push(asked);
    answer(asked, response, requests.length);
  };
  const server = createServer((request, response) => void respond(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    requests,
    endpoint: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
};

const jsonHeaders = { "content-type": "application/x-amz-json-1.1", "x-amzn-requestid": "r-1" };
const cborHeaders = { "content-type": "application/x-amz-cbor-1.1", "x-amzn-requestid": "r-1" };
const onePage = {
  Records: [{ Data: Buffer.from("hello"), PartitionKey: "k", SequenceNumber: "49" }],
  NextShardIterator: "next",
  MillisBehindLatest: 0,
};
const onePageJson = JSON.stringify({ ...onePage, Records: [{ ...onePage.Records[0], Data: "aGVsbG8=" }] });

const dataOf = (output: GetRecordsCommandOutput): string[] =>
  (output.Records ?? []).map((record) => Buffer.from(record.Data ?? []).toString());

describe("GetRecords", () => {
  it.each(["definite", "indefinite", "mixed", "refuse"] as const)(
    "gives what the SDK's own protocol gives, when the server's CBOR is %s",
    async (form) => {
      await using local = await startStream(form);
      local.kinesis.putRecords(STREAM, [
        { partitionKey: "a", data: "plain" },
        { partitionKey: "schlüssel 鍵", data: Buffer.alloc(70_000, 0xff) },
        { partitionKey: 'quote " and \\', data: "" },
      ]);
      const stock = new KinesisClient(local.clientOptions("kinesis"));
      const { client } = fastClient(local.clientOptions("kinesis"));
      const iterator = await firstIterator(stock);
      const theirs = await stock.send(new GetRecordsCommand({ ShardIterator: iterator }));
      const ours = await client.send(new GetRecordsCommand({ ShardIterator: iterator }));
      expect(theirs.Records).toHaveLength(3);
      expect({ ...seenOfSdk(ours), iterator: "" }).toEqual({ ...seenOfSdk(theirs), iterator: "" });
      expect(ours.Records?.[0]).toBeInstanceOf(PageRecord);
      expect(ours.$metadata.httpStatusCode).toBe(200);
      expect(ours.$metadata.requestId).toBeTypeOf("string");
      // The iterator is good, not only similar.
      const next = await client.send(new GetRecordsCommand({ ShardIterator: ours.NextShardIterator }));
      expect(next.Records).toEqual([]);
      stock.destroy();
      client.destroy();
    },
  );

  it.each(["definite", "indefinite", "mixed", "refuse"] as const)(
    "names the children of a closed shard, in CBOR that is %s",
    async (form) => {
      await using local = await startStream(form);
      local.kinesis.call("SplitShard", {
        StreamName: STREAM,
        ShardToSplit: SHARD,
        NewStartingHashKey: "170141183460469231731687303715884105728",
      });
      const stock = new KinesisClient(local.clientOptions("kinesis"));
      const { client } = fastClient(local.clientOptions("kinesis"));
      const iterator = await firstIterator(stock);
      const theirs = await stock.send(new GetRecordsCommand({ ShardIterator: iterator }));
      const ours = await client.send(new GetRecordsCommand({ ShardIterator: iterator }));
      expect(theirs.ChildShards).toHaveLength(2);
      expect(ours.ChildShards).toEqual(theirs.ChildShards);
      expect(ours.NextShardIterator).toBeUndefined();
      stock.destroy();
      client.destroy();
    },
  );

  it.each(["auto", "json"] as const)("throws the SDK's own exceptions, asked in %s", async (wireFormat) => {
    await using local = await startStream();
    const { client } = fastClient(local.clientOptions("kinesis"), wireFormat);
    const iterator = await firstIterator(client);
    const call = (): Promise<GetRecordsCommandOutput> =>
      client.send(new GetRecordsCommand({ ShardIterator: iterator }));
    for (const exception of [ExpiredIteratorException, ProvisionedThroughputExceededException]) {
      local.faults.add({
        operation: "GetRecords",
        effect: { kind: "error", status: 400, code: exception.name },
      });
      await expect(call()).rejects.toBeInstanceOf(exception);
    }
    await expect(client.send(new GetRecordsCommand({ ShardIterator: "nonsense" }))).rejects.toMatchObject({
      name: "InvalidArgumentException",
      $metadata: { httpStatusCode: 400 },
    });
    expect((await call()).Records).toEqual([]);
    client.destroy();
  });

  it("refuses an answer that is cut off", async () => {
    await using local = await startStream();
    local.kinesis.putRecords(STREAM, [{ partitionKey: "a", data: "x".repeat(100_000) }]);
    const { client } = fastClient(local.clientOptions("kinesis"));
    const iterator = await firstIterator(client);
    local.faults.add({ operation: "GetRecords", effect: { kind: "reset", at: "inside-body" } });
    await expect(client.send(new GetRecordsCommand({ ShardIterator: iterator }))).rejects.toBeInstanceOf(
      Error,
    );
    expect((await client.send(new GetRecordsCommand({ ShardIterator: iterator }))).Records).toHaveLength(1);
    client.destroy();
  });

  it("refuses a page of something else, and does not take it for a server without CBOR", async () => {
    await using server = await answering((_asked, response, count) => {
      // Each call that fails so is made once more in JSON, and fails so again.
      if (count <= 2) response.writeHead(503, { "content-type": "text/html" }).end("<html>");
      else if (count <= 4) response.writeHead(200, { "content-type": "text/html" }).end("<html>");
      else response.writeHead(200, cborHeaders).end(encodeCbor(onePage));
    });
    const { client, fallbacks } = fastClient(server);
    const call = (): Promise<GetRecordsCommandOutput> =>
      client.send(new GetRecordsCommand({ ShardIterator: "i" }));
    await expect(call()).rejects.toBeInstanceOf(Error);
    await expect(call()).rejects.toBeInstanceOf(WireFormatError);
    expect(dataOf(await call())).toEqual(["hello"]);
    expect(fallbacks()).toBe(0);
    const [cbor, json] = ["application/x-amz-cbor-1.1", "application/x-amz-json-1.1"];
    expect(server.requests.map((request) => request.contentType)).toEqual([cbor, json, cbor, json, cbor]);
    client.destroy();
  });

  it("once an answer in CBOR was read, does not ask again in JSON for what fails otherwise", async () => {
    await using server = await answering((_asked, response, count) => {
      if (count === 1 || count === 4) response.writeHead(200, cborHeaders).end(encodeCbor(onePage));
      else if (count === 2) response.writeHead(502, { "content-type": "text/html" }).end("<html>");
      else response.writeHead(400, jsonHeaders).end('{"__type":"InvalidArgumentException"}');
    });
    const { client, fallbacks } = fastClient(server);
    const call = (): Promise<GetRecordsCommandOutput> =>
      client.send(new GetRecordsCommand({ ShardIterator: "i" }));
    await call();
    await expect(call()).rejects.toMatchObject({ $metadata: { httpStatusCode: 502 } });
    await expect(call()).rejects.toMatchObject({ name: "InvalidArgumentException" });
    expect(dataOf(await call())).toEqual(["hello"]);
    expect(server.requests).toHaveLength(4);
    expect(fallbacks()).toBe(0);
    client.destroy();
  });
});

describe("the wire format", () => {
  it("auto makes a call that was answered with a page of HTML once more in JSON, and stays with it", async () => {
    await using server = await answering((asked, response) => {
      if (asked.contentType?.includes("cbor") === true)
        response.writeHead(500, { "content-type": "text/html; charset=utf-8" }).end("<!doctype html>");
      else response.writeHead(200, jsonHeaders).end(onePageJson);
    });
    const { client, fallbacks } = fastClient(server);
    for (let call = 0; call < 3; call += 1)
      expect(dataOf(await client.send(new GetRecordsCommand({ ShardIterator: "i" })))).toEqual(["hello"]);
    expect(server.requests).toHaveLength(4);
    expect(fallbacks()).toBe(1);
    client.destroy();
  });

  it("auto is no reason to leave CBOR when the service refuses what was asked for", async () => {
    await using server = await answering((_asked, response, count) => {
      if (count === 1) response.writeHead(400, jsonHeaders).end('{"__type":"InvalidSignatureException"}');
      else response.writeHead(200, cborHeaders).end(encodeCbor(onePage));
    });
    const { client, fallbacks } = fastClient(server);
    const call = (): Promise<GetRecordsCommandOutput> =>
      client.send(new GetRecordsCommand({ ShardIterator: "i" }));
    await expect(call()).rejects.toMatchObject({ name: "InvalidSignatureException" });
    expect(dataOf(await call())).toEqual(["hello"]);
    expect(fallbacks()).toBe(0);
    client.destroy();
  });

  it("auto goes over to JSON once and for good when the answer is JSON", async () => {
    await using local = await startStream("refuse");
    local.kinesis.putRecords(STREAM, [{ partitionKey: "a", data: "one" }]);
    const { client, fallbacks, told } = fastClient(local.clientOptions("kinesis"));
    const iterator = await firstIterator(client);
    expect(fallbacks()).toBe(0);
    for (let call = 0; call < 3; call += 1) {
      expect(dataOf(await client.send(new GetRecordsCommand({ ShardIterator: iterator })))).toEqual(["one"]);
    }
    expect(fallbacks()).toBe(1);
    expect(told()).toBe(1);
    client.destroy();
  });

  it("auto makes a call that was refused in CBOR once more in JSON, all those under way as well", async () => {
    await using server = await answering((asked, response) => {
      if (asked.contentType?.includes("cbor") === true) {
        response.writeHead(400, jsonHeaders).end('{"__type":"SerializationException"}');
      } else response.writeHead(200, jsonHeaders).end(onePageJson);
    });
    const { client, fallbacks, told } = fastClient(server);
    const calls = Array.from({ length: 4 }, () => client.send(new GetRecordsCommand({ ShardIterator: "i" })));
    for (const output of await Promise.all(calls)) expect(dataOf(output)).toEqual(["hello"]);
    expect(fallbacks()).toBe(1);
    expect(told()).toBe(1);
    const before = server.requests.length;
    await client.send(new GetRecordsCommand({ ShardIterator: "i" }));
    expect(server.requests.slice(before).map((request) => request.contentType)).toEqual([
      "application/x-amz-json-1.1",
    ]);
    client.destroy();
  });

  it("auto loses that one call when nothing makes it again", async () => {
    await using server = await answering((asked, response) => {
      if (asked.contentType?.includes("cbor") === true) {
        response.writeHead(400, jsonHeaders).end('{"__type":"SerializationException"}');
      } else response.writeHead(200, jsonHeaders).end(onePageJson);
    });
    const { client } = fastClient(server, "auto", { attached: false });
    const call = (): Promise<GetRecordsCommandOutput> =>
      client.send(new GetRecordsCommand({ ShardIterator: "i" }));
    await expect(call()).rejects.toMatchObject({ name: "SerializationException" });
    expect(dataOf(await call())).toEqual(["hello"]);
    client.destroy();
  });

  it.each([
    ["json", "application/x-amz-json-1.1"],
    ["cbor", "application/x-amz-cbor-1.1"],
  ] as const)(
    "%s is spoken throughout, and the answer read as what it is",
    async (wireFormat, contentType) => {
      await using server = await answering((_asked, response, count) => {
        if (count % 2 === 0) response.writeHead(200, cborHeaders).end(encodeCbor(onePage));
        else response.writeHead(200, jsonHeaders).end(onePageJson);
      });
      const { client, fallbacks } = fastClient(server, wireFormat);
      for (let call = 0; call < 4; call += 1) {
        expect(dataOf(await client.send(new GetRecordsCommand({ ShardIterator: "i" })))).toEqual(["hello"]);
      }
      expect(server.requests.map((request) => request.contentType)).toEqual(
        Array.from({ length: 4 }, () => contentType),
      );
      expect(fallbacks()).toBe(0);
      client.destroy();
    },
  );
});

describe("PutRecords", () => {
  it.each(["auto", "json"] as const)("puts what the SDK's own protocol puts, in %s", async (wireFormat) => {
    await using local = await startStream();
    const entries = [
      { PartitionKey: "a", Data: Buffer.from("plain") },
      { PartitionKey: 'quote " and \\ schlüssel 鍵', Data: Uint8Array.of(0, 255, 128), ExplicitHashKey: "7" },
      { PartitionKey: "empty", Data: new Uint8Array(0) },
      { PartitionKey: "large", Data: Buffer.alloc(300_000, 7) },
    ];
    const stock = new KinesisClient(local.clientOptions("kinesis"));
    const { client } = fastClient(local.clientOptions("kinesis"), wireFormat);
    await stock.send(new PutRecordsCommand({ StreamName: STREAM, Records: entries }));
    const output = await client.send(new PutRecordsCommand({ StreamName: STREAM, Records: entries }));
    expect(output.FailedRecordCount).toBe(0);
    expect(output.Records).toHaveLength(4);
    expect(output.Records?.[0]?.ShardId).toBe(SHARD);
    expect(output.$metadata.httpStatusCode).toBe(200);
    const stored = [...local.kinesis.records(STREAM)].map(({ partitionKey, data }) => [
      partitionKey,
      data.toString("hex"),
    ]);
    expect(stored.slice(4)).toEqual(stored.slice(0, 4));
    stock.destroy();
    client.destroy();
  });

  it("says which records failed, and throws the SDK's exceptions", async () => {
    await using local = await startStream();
    const { client } = fastClient(local.clientOptions("kinesis"));
    const Records = [{ PartitionKey: "a", Data: Buffer.from("x") }];
    local.faults.add({
      operation: "PutRecords",
      effect: { kind: "error", status: 400, code: "ProvisionedThroughputExceededException" },
    });
    const put = () => client.send(new PutRecordsCommand({ StreamName: STREAM, Records }));
    await expect(put()).rejects.toBeInstanceOf(ProvisionedThroughputExceededException);
    expect((await put()).FailedRecordCount).toBe(0);
    client.destroy();
  });

  it("writes JSON that reads back as what was put", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record(
            {
              Data: fc.uint8Array({ maxLength: 50 }),
              PartitionKey: fc.string({ unit: "binary" }),
              ExplicitHashKey: fc.constantFrom("0", "17"),
            },
            { requiredKeys: ["Data", "PartitionKey"] },
          ),
        ),
        (Records) => {
          const expected = Records.map((entry) => ({
            ...entry,
            Data: Buffer.from(entry.Data).toString("base64"),
          }));
          expect(JSON.parse(writePutRecordsJson({ Records }))).toEqual({ Records: expected });
        },
      ),
    );
  });

  it("writes CBOR that reads back as what was put", () => {
    const value = fc.record({
      Records: fc.array(
        fc.record({ Data: fc.uint8Array({ maxLength: 300 }), PartitionKey: fc.string({ unit: "grapheme" }) }),
      ),
      Whole: fc.maxSafeInteger(),
      Real: fc.double({ noNaN: true, noDefaultInfinity: true }),
      Yes: fc.boolean(),
      Time: fc.date({ noInvalidDate: true }),
    });
    fc.assert(
      fc.property(value, (written) => {
        const bytes = (member: unknown): unknown =>
          member instanceof Uint8Array ? Buffer.from(member) : member;
        const expected = {
          ...written,
          Real: written.Real + 0,
          Records: written.Records.map((entry) => ({ ...entry, Data: bytes(entry.Data) })),
        };
        // Zero has one sign on the wire.
        if (expected.Real === 0) expected.Real = 0;
        expect(decodeCbor(encodeCbor(written, 1))).toEqual(expected);
      }),
    );
  });

  it("refuses to write what CBOR has no form for here", () => {
    expect(() => encodeCbor({ Member: () => 1 })).toThrow(WireFormatError);
  });
});

describe("SubscribeToShard", () => {
  const codec = new EventStreamCodec(toUtf8, fromUtf8);
  const frame = (kind: string, name: string, body: Uint8Array): Uint8Array =>
    codec.encode({
      headers: {
        ":message-type": { type: "string", value: kind },
        [kind === "event" ? ":event-type" : ":exception-type"]: { type: "string", value: name },
        ":content-type": { type: "string", value: "application/json" },
      },
      body,
    });

  it("gives the events that the SDK's own protocol gives", async () => {
    await using local = await startStream();
    local.kinesis.putRecords(STREAM, [
      { partitionKey: "a", data: "one" },
      { partitionKey: "schlüssel", data: Buffer.alloc(200_000, 0xfe) },
    ]);
    const { client } = fastClient(local.clientOptions("kinesis"));
    const stock = new KinesisClient(local.clientOptions("kinesis"));
    const seen: unknown[] = [];
    for (const [name, reader] of [
      ["theirs", stock],
      ["ours", client],
    ] as const) {
      const registered = await stock.send(
        new RegisterStreamConsumerCommand({
          StreamARN: `arn:aws:kinesis:eu-central-1:000000000000:stream/${STREAM}`,
          ConsumerName: name,
        }),
      );
      const output = await reader.send(
        new SubscribeToShardCommand({
          ConsumerARN: registered.Consumer?.ConsumerARN,
          ShardId: SHARD,
          StartingPosition: { Type: "TRIM_HORIZON" },
        }),
      );
      const records: unknown[] = [];
      for await (const member of output.EventStream ?? []) {
        const event = member.SubscribeToShardEvent;
        expect(event?.ContinuationSequenceNumber).toBeTypeOf("string");
        expect(event?.MillisBehindLatest).toBeTypeOf("number");
        records.push(...(seenOfSdk({ Records: event?.Records }).records ?? []));
        if (records.length === 2) break;
      }
      seen.push(records);
    }
    expect(seen[0]).toHaveLength(2);
    expect(seen[1]).toEqual(seen[0]);
    stock.destroy();
    client.destroy();
  });

  it("reads events in CBOR, passes over what it does not know, and throws an exception as the SDK's class", async () => {
    await using server = await answering((_asked, response) => {
      response.writeHead(200, { "content-type": "application/vnd.amazon.eventstream" });
      response.write(frame("event", "initial-response", Buffer.from("{}")));
      response.write(frame("event", "Novelty", Buffer.from("{}")));
      const { Records, MillisBehindLatest } = onePage;
      const event = { Records, MillisBehindLatest, ContinuationSequenceNumber: "49" };
      response.write(frame("event", "SubscribeToShardEvent", encodeCbor(event)));
      response.end(frame("exception", "ResourceInUseException", Buffer.from('{"message":"another one"}')));
    });
    const { client, fallbacks } = fastClient(server);
    const output = await client.send(
      new SubscribeToShardCommand({ ConsumerARN: "c", ShardId: SHARD, StartingPosition: { Type: "LATEST" } }),
    );
    const events = output.EventStream?.[Symbol.asyncIterator]();
    const first = await events?.next();
    expect(seenOfSdk({ Records: first?.value?.SubscribeToShardEvent?.Records }).records).toMatchObject([
      { data: Buffer.from("hello").toString("hex"), sequenceNumber: "49" },
    ]);
    const failure: unknown = await events?.next().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ResourceInUseException);
    expect(failure).toMatchObject({ message: "another one" });
    expect(fallbacks()).toBe(0);
    client.destroy();
  });

  it("ends with an error when the connection is cut inside an event", async () => {
    const event = frame("event", "SubscribeToShardEvent", Buffer.from(onePageJson));
    await using server = await answering((_asked, response) => {
      response.writeHead(200, { "content-type": "application/vnd.amazon.eventstream" });
      response.write(frame("event", "initial-response", Buffer.from("{}")));
      response.end(event.subarray(0, event.length - 9));
    });
    const { client } = fastClient(server);
    const output = await client.send(
      new SubscribeToShardCommand({ ConsumerARN: "c", ShardId: SHARD, StartingPosition: { Type: "LATEST" } }),
    );
    const events = output.EventStream?.[Symbol.asyncIterator]();
    await expect(events?.next()).rejects.toBeInstanceOf(WireFormatError);
    client.destroy();
  });
});
