import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { GetRecordsCommand, KinesisClient } from "@aws-sdk/client-kinesis";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { describe, expect, it, vi } from "vitest";

import { encodeCbor } from "../src/cbor/cbor-writer.js";
import { WireFormatError } from "../src/index.js";
import { readRecordsJson } from "../src/json/records-json.js";
import { kinesisProtocol, type WireFormat } from "../src/protocol.js";

const cborType = "application/x-amz-cbor-1.1";
const jsonType = "application/x-amz-json-1.1";
const JSON_ANSWER = JSON.stringify({
  Records: [
    {
      ApproximateArrivalTimestamp: 1_785_542_400.123,
      Data: "R3LDvMOfZQ==",
      PartitionKey: "k",
      SequenceNumber: "49680667225695946520507220013891868302514914169695764482",
    },
  ],
  NextShardIterator: "AAAA1g",
  MillisBehindLatest: 0,
});

/** A server as kinesalite and kinesis-mock are: GetRecords in CBOR with the data as base64 text, and in JSON as Kinesis does. */
async function startServer(first?: Uint8Array) {
  const recorded = await readFile(new URL("cbor-with-base64-text/answer.cbor", import.meta.url));
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const type = String(request.headers["content-type"]);
    asked.push(type);
    request.resume().on("end", () => {
      response.writeHead(200, { "content-type": type });
      response.end(type === cborType ? ((asked.length === 1 ? first : undefined) ?? recorded) : JSON_ANSWER);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // A server that listens on a port has an address of this form.
  const { port } = server.address() as AddressInfo;
  return {
    asked,
    client: (wireFormat?: WireFormat) => {
      const fast = kinesisProtocol(wireFormat === undefined ? {} : { wireFormat });
      const client = new KinesisClient({
        region: "eu-central-1",
        credentials: { accessKeyId: "a", secretAccessKey: "b" },
        endpoint: `http://127.0.0.1:${port}`,
        maxAttempts: 1,
        requestHandler: new NodeHttpHandler(),
        protocol: fast.protocol,
      });
      fast.attach(client);
      const read = async () => {
        const { Records = [] } = await client.send(new GetRecordsCommand({ ShardIterator: "i" }));
        return Records.map(({ Data, PartitionKey, ApproximateArrivalTimestamp }) => [
          Buffer.from(Data ?? []).toString("utf8"),
          PartitionKey,
          ApproximateArrivalTimestamp?.getTime(),
        ]);
      };
      return { read, fallbacks: fast.fallbacks, close: () => client.destroy() };
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

describe("cbor-with-base64-text: an emulator that writes data as base64 text in CBOR", () => {
  it("is asked again in JSON, and from then on", async () => {
    await using server = await startServer();
    const { read, fallbacks, close } = server.client();
    for (let call = 0; call < 2; call += 1)
      expect(await read()).toEqual([["Gr\u00fc\u00dfe", "k", 1_785_542_400_123]]);
    expect(server.asked).toEqual([cborType, jsonType, jsonType]);
    expect(fallbacks()).toBe(1);
    close();
  });

  it("is found out, too, after an empty answer in CBOR that was read well", async () => {
    await using server = await startServer(
      encodeCbor({ Records: [], NextShardIterator: "n", MillisBehindLatest: 0 }),
    );
    const { read, fallbacks, close } = server.client();
    expect(await read()).toEqual([]);
    expect(await read()).toHaveLength(1);
    expect(server.asked).toEqual([cborType, cborType, jsonType]);
    expect(fallbacks()).toBe(1);
    close();
  });

  it("is told where it keeps what was put in CBOR so that nobody can read it", () => {
    const answer = JSON.stringify({
      Records: [{ Data: { type: "Buffer", data: [1, 2] }, PartitionKey: "k", SequenceNumber: "49" }],
    });
    expect(() => readRecordsJson(Buffer.from(answer))).toThrow(/put them in JSON.*AWS_CBOR_DISABLE/);
  });

  it("is refused where CBOR was asked for outright, with the option that reads it", async () => {
    await using server = await startServer();
    const { read, close } = server.client("cbor");
    const failure: unknown = await read().catch((error: unknown) => error);
    expect(WireFormatError.isInstance(failure) && failure.isForeign).toBe(true);
    expect(String(failure)).toContain('wireFormat "json"');
    expect(server.asked).toEqual([cborType]);
    close();
  });

  it.each([
    ["1", undefined, jsonType],
    ["true", "auto", jsonType],
    ["1", "json", jsonType],
    ["1", "cbor", cborType],
    ["0", undefined, cborType],
    ["", undefined, cborType],
  ] as const)("AWS_CBOR_DISABLE=%j with the option %j speaks %s first", async (value, option, first) => {
    vi.stubEnv("AWS_CBOR_DISABLE", value);
    await using server = await startServer();
    const { read, close } = server.client(option);
    await read().catch(() => undefined);
    expect(server.asked[0]).toBe(first);
    close();
    vi.unstubAllEnvs();
  });
});
