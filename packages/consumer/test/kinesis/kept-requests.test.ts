import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { KinesisClient } from "@aws-sdk/client-kinesis";
import { identityFailureOf, keepRequests } from "@kinesis-connectors/aws";
import { failureFrom } from "@kinesis-connectors/testkit";
import { describe, expect, it, vi } from "vitest";
import { toRecords } from "../../src/kinesis/sdk-shapes.js";
import {
  CREDENTIALS,
  getRecords,
  oursIn,
  OPERATIONS,
  putRecords,
  type Operation,
} from "../support/kept-operations.js";
import { type Answer, type Asked, type Recorder, sameOf, startRecorder } from "../support/recorder.js";

/** Sends an operation three times, and checks that the last two took the short way. */
async function sendThrice(server: Recorder, { command, input, ours }: Operation) {
  const client = ours(server.endpoint);
  const inAllSteps = vi.spyOn(client.config.requestHandler, "handle");
  const send = keepRequests(client);
  const outputs = [];
  for (let count = 0; count < 3; count += 1) outputs.push(await send(command, input));
  expect(inAllSteps).toHaveBeenCalledTimes(1);
  return { client, outputs, send: () => send(command, input) };
}

describe.each(OPERATIONS)("$name, after the first time", (operation) => {
  const { command, input, stock, answer } = operation;
  const sendStock = async (client: KinesisClient | DynamoDBClient): Promise<object> =>
    await (client as { send: (command: object) => Promise<object> }).send(new command(input));

  it("is the request of the client as it comes, byte for byte but for time, identifier and signature", async () => {
    await using server = await startRecorder({ body: answer });
    const { client, outputs } = await sendThrice(server, operation);
    const plain = stock(server.endpoint);
    const output = await sendStock(plain);
    const [first, , third, theirs] = server.asked as [Asked, Asked, Asked, Asked];
    expect(third.line).toBe(theirs.line);
    expect(sameOf(third)).toEqual(sameOf(theirs));
    // Members may stand in another order.
    expect(JSON.parse(third.body.toString())).toEqual(JSON.parse(theirs.body.toString()));
    expect(third.body.length).toBe(theirs.body.length);
    expect(first.body.equals(third.body)).toBe(true);
    expect(plainly(outputs[2] as object)).toEqual(plainly(output));
    client.destroy();
    plain.destroy();
  });

  it.each([
    [400, "ProvisionedThroughputExceededException"],
    [400, "ResourceNotFoundException"],
    [400, "ExpiredIteratorException"],
    [400, "ConditionalCheckFailedException"],
    [400, "AccessDeniedException"],
    [400, "UnrecognizedClientException"],
    [400, "ExpiredTokenException"],
    [500, "InternalServerError"],
    [503, "ServiceUnavailable"],
  ])("fails as the client does on %i %s", async (status, code) => {
    await using server = await startRecorder({ body: answer });
    const { client, send } = await sendThrice(server, operation);
    const plain = stock(server.endpoint);
    server.answer = {
      status,
      body: JSON.stringify({ __type: `com.amazonaws.x#${code}`, message: "why" }),
      headers: { "x-amzn-requestid": "same" },
    };
    const [own, theirs] = [await failureFrom(send()), await failureFrom(sendStock(plain))];
    expect(own.constructor).toBe(theirs.constructor);
    expect(told(own)).toEqual(told(theirs));
    expect(own).toMatchObject({ name: code, message: "why", $metadata: { httpStatusCode: status } });
    server.answer = { body: answer };
    await send();
    client.destroy();
    plain.destroy();
  });

  it.each<[string, Answer]>([
    ["a page of a proxy", { status: 502, body: "<html>", headers: { "content-type": "text/html" } }],
    ["an answer that is cut", { body: answer.padEnd(100), cutAt: 20 }],
    ["nothing at all", { cutAt: 0 }],
    ["a body that ends early", { body: `${answer.slice(0, -1)},` }],
  ])("fails by %s, and is answered again after that", async (_what, broken) => {
    await using server = await startRecorder({ body: answer });
    const { client, send } = await sendThrice(server, operation);
    server.answer = broken;
    expect(await failureFrom(send())).toBeInstanceOf(Error);
    server.answer = { body: answer };
    expect(await send()).toMatchObject({ $metadata: { httpStatusCode: 200 } });
    client.destroy();
  });

  it("is signed by the server's clock once that has been told, by good answers and bad ones", async () => {
    await using server = await startRecorder({ body: answer });
    const { client, send } = await sendThrice(server, operation);
    const ahead = (hours: number): { readonly date: string } => ({
      date: new Date(Date.now() + hours * 3_600_000).toUTCString(),
    });
    const hoursAhead = (): number => {
      const [, year, month, day, hour] =
        /^(\d{4})(\d\d)(\d\d)T(\d\d)/.exec(String(server.asked.at(-1)?.headers["x-amz-date"])) ?? [];
      const signedMs = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), 30);
      return Math.round((signedMs - Date.now()) / 3_600_000);
    };
    server.answer = { body: answer, headers: ahead(5) };
    await send();
    server.answer = {
      status: 400,
      headers: ahead(-5),
      body: '{"__type":"InvalidSignatureException","message":"Signature not yet current: later"}',
    };
    const error = await failureFrom(send());
    expect(hoursAhead()).toBeGreaterThan(3);
    expect(identityFailureOf(error)).toBe("clock");
    expect(error).toMatchObject({ $metadata: { clockSkewCorrected: true } });
    server.answer = { body: answer };
    await send();
    expect(hoursAhead()).toBeLessThan(-3);
    client.destroy();
  });

  it("takes credentials anew when they expire, and the endpoint of their account", async () => {
    await using server = await startRecorder({ body: answer });
    let given = 0;
    const credentials = () => {
      given += 1;
      const expiration = new Date(Date.now() + (given === 1 ? 1_000 : 3_600_000));
      return Promise.resolve({
        ...CREDENTIALS,
        sessionToken: `session ${given}`,
        accountId: `${given}`,
        expiration,
      });
    };
    const endpointProvider = ({ AccountId }: { readonly AccountId?: string }) => ({
      url: new URL(`${server.endpoint}/of-${AccountId}/`),
    });
    const more = { credentials, endpointProvider, endpoint: undefined };
    const client = operation.ours(server.endpoint, more);
    const send = keepRequests(client);
    // The SDK takes credentials anew from five minutes before their end.
    for (let count = 0; count < 4; count += 1) await send(command, input);
    const last = server.asked.at(-1);
    expect(last?.headers["x-amz-security-token"]).toBe(`session ${given}`);
    expect(given).toBeGreaterThan(1);
    for (const { line, headers } of server.asked) {
      const session = String(headers["x-amz-security-token"]).replace("session ", "");
      expect([line, "POST /of-undefined/ HTTP/1.1"]).toContain(`POST /of-${session}/ HTTP/1.1`);
    }
    client.destroy();
  });
});

describe("AWS-CBOR, after the first time", () => {
  const text = (given: string): readonly number[] => [0x60 + given.length, ...Buffer.from(given)];
  const page = Buffer.from([0xa2, ...text("Records"), 0x80, ...text("MillisBehindLatest"), 0]);
  const put = [0xa2, ...text("ShardId"), ...text("s"), ...text("SequenceNumber"), ...text("1")];
  const results = Buffer.from([
    0xa2,
    ...text("FailedRecordCount"),
    0,
    ...text("Records"),
    0x82,
    ...put,
    ...put,
  ]);

  it.each([
    { name: "GetRecords", ...getRecords, body: page },
    { name: "PutRecords", ...putRecords, body: results },
  ])("$name is the same request each time, and goes over to JSON when it is asked to", async (given) => {
    const operation: Operation = { ...given, ours: oursIn("auto") };
    await using server = await startRecorder({ body: given.body });
    const { client, outputs, send } = await sendThrice(server, operation);
    const [first, second, third] = server.asked as [Asked, Asked, Asked];
    expect(sameOf(second)).toEqual(sameOf(first));
    expect(sameOf(third)).toEqual(sameOf(first));
    expect(third.body.equals(first.body)).toBe(true);
    expect(plainly(outputs[2] as object)).toEqual(plainly(outputs[0] as object));

    // As a server behind the same address that has no CBOR.
    const inAllSteps = vi.spyOn(client.config.requestHandler, "handle");
    server.answer = { status: 400, body: '{"__type":"SerializationException","message":"no JSON"}' };
    const failure = failureFrom(send());
    await expect.poll(() => server.asked).toHaveLength(5);
    expect((await failure).name).toBe("SerializationException");
    server.answer = { body: given.answer };
    for (let count = 0; count < 3; count += 1) await send();
    expect(server.asked.slice(4).map(({ headers }) => headers["content-type"])).toEqual(
      Array.from({ length: 4 }, () => "application/x-amz-json-1.1"),
    );
    // Once for the call that was made again, and once to learn the way anew.
    expect(inAllSteps.mock.calls.length - 1).toBe(2);
    client.destroy();
  });
});

/** An output without what the client counts. */
function plainly(output: object): object {
  const { Records, $metadata, ...others } = output as Record<string, unknown>;
  const {
    attempts: _a,
    totalRetryDelay: _t,
    requestId: _r,
    ...metadata
  } = $metadata as Record<string, unknown>;
  const isPage = Array.isArray(Records) && "NextShardIterator" in output;
  const records = isPage
    ? toRecords(Records as never).map(({ sequenceNumber, partitionKey, data, arrivalTimeMs }) => [
        sequenceNumber,
        partitionKey,
        Buffer.from(data).toString("hex"),
        arrivalTimeMs,
      ])
    : Records;
  return { ...others, records, metadata };
}

/** What an error says. */
function told(error: Error): object {
  const { name, message } = error;
  const { $metadata, $fault, $service, ...others } = error as unknown as Record<string, unknown>;
  const { attempts: _a, totalRetryDelay: _t, ...metadata } = $metadata as Record<string, unknown>;
  return { name, message, $fault, $service, metadata, others };
}
