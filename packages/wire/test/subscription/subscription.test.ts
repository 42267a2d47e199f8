import { PassThrough, Readable } from "node:stream";

import { KinesisClient, SubscribeToShardCommand } from "@aws-sdk/client-kinesis";
import { NodeHttp2Handler } from "@smithy/node-http-handler";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { WireFormatError } from "../../src/index.js";
import { kinesisProtocol } from "../../src/protocol.js";
import { openSubscription } from "../../src/subscription/subscription-events.js";
import { answerFields, choices, chooser, damage, writeCbor, writeJson } from "../support/answers.js";
import {
  eventOf,
  exceptionOf,
  type Message,
  messageOf,
  parts,
  serveEventStreams,
} from "../support/event-streams.js";
import { type SeenAnswer, seenOfSdk } from "../support/sdk-decoder.js";

/** What the server writes to whoever subscribes. */
let body: readonly Buffer[] = [];
/** In what form the last subscription was asked for. */
let asked: string | undefined;
let server: Awaited<ReturnType<typeof serveEventStreams>>;
let stock: KinesisClient;
let fast: KinesisClient;

beforeAll(async () => {
  server = await serveEventStreams((stream, headers) => {
    asked = headers["content-type"];
    for (const part of body) stream.write(part);
    stream.end();
  });
  const reach = {
    region: "eu-central-1",
    credentials: { accessKeyId: "a", secretAccessKey: "b" },
    endpoint: server.endpoint,
    maxAttempts: 1,
  };
  stock = new KinesisClient(reach);
  fast = new KinesisClient({
    ...reach,
    protocol: kinesisProtocol({ wireFormat: "cbor" }).protocol,
    requestHandler: new NodeHttp2Handler({ disableConcurrentStreams: true }),
  });
});

afterAll(async () => {
  stock.destroy();
  fast.destroy();
  await server[Symbol.asyncDispose]();
});

interface Seen {
  readonly events: readonly (SeenAnswer & { readonly continuation: string | undefined })[];
  readonly error: Error | undefined;
}

/** Everything that a client makes of a subscription, to its end. */
const subscribe = async (client: KinesisClient): Promise<Seen> => {
  const events: Seen["events"][number][] = [];
  try {
    const { EventStream } = await client.send(
      new SubscribeToShardCommand({
        ConsumerARN: "arn:aws:kinesis:eu-central-1:000000000000:stream/orders/consumer/c:1",
        ShardId: "shardId-000000000000",
        StartingPosition: { Type: "LATEST" },
      }),
    );
    for await (const { SubscribeToShardEvent } of EventStream ?? []) {
      if (SubscribeToShardEvent === undefined) continue;
      // The names that both operations have are the same.
      const seen = seenOfSdk(SubscribeToShardEvent);
      events.push({
        ...seen,
        iterator: undefined,
        continuation: SubscribeToShardEvent.ContinuationSequenceNumber,
      });
    }
    return { events, error: undefined };
  } catch (error) {
    return { events, error: error instanceof Error ? error : new Error("no error at all") };
  }
};

const json = fc
  .tuple(answerFields, choices)
  .map(([fields, numbers]) => writeJson({ ...fields, ContinuationSequenceNumber: "4959" }, chooser(numbers)));
const unknownHeaders: fc.Arbitrary<Message["headers"]> = fc.dictionary(
  fc.constantFrom("trace", ":date", "x"),
  fc.oneof(
    fc.boolean().map((value) => ({ type: "boolean" as const, value })),
    fc.integer().map((value) => ({ type: "integer" as const, value })),
    fc.uint8Array({ maxLength: 20 }).map((value) => ({ type: "binary" as const, value })),
    fc.string({ maxLength: 20 }).map((value) => ({ type: "string" as const, value })),
    fc.uuid().map((value) => ({ type: "uuid" as const, value })),
  ),
  { maxKeys: 3, noNullPrototype: true },
);
const event = fc
  .tuple(fc.oneof({ weight: 8, arbitrary: json }, fc.constant(Buffer.alloc(0))), unknownHeaders)
  .map(([payload, headers]) => eventOf("SubscribeToShardEvent", payload, headers));
const message = fc.oneof(
  { weight: 8, arbitrary: event },
  fc.constant(eventOf("Novelty", Buffer.from('{"new":true}'))),
  fc.constantFrom(
    exceptionOf("ResourceInUseException", Buffer.from('{"message":"another one"}')),
    exceptionOf("ResourceNotFoundException", Buffer.alloc(0)),
    exceptionOf("KMSThrottlingException", Buffer.from('{"message":"slowly"}')),
    exceptionOf("InternalFailureException", Buffer.from('{"message":"500"}')),
    exceptionOf("NoveltyException", Buffer.from('{"message":"new"}')),
    messageOf(
      { ":message-type": "error", ":error-code": "Broken", ":error-message": "gone" },
      Buffer.alloc(0),
    ),
    messageOf({ ":message-type": "rumour" }, Buffer.alloc(0)),
  ),
);
const stream = fc
  .array(message, { maxLength: 5 })
  .map((messages) => Buffer.concat([eventOf("initial-response", Buffer.from("{}")), ...messages]));
const cuts = fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 8 });

/** What an error says; the SDK and we have different words for nothing. */
const said = (error: Error | undefined): string | undefined =>
  error?.message === "Unknown" || error?.message === "UnknownError" ? undefined : error?.message;

describe("a subscription", () => {
  it("gives the events and the error that the SDK's own protocol gives", async () => {
    const errors = new Set<string>();
    await fc.assert(
      fc.asyncProperty(stream, cuts, async (bytes, sizes) => {
        body = parts(bytes, sizes);
        const [theirs, ours] = [await subscribe(stock), await subscribe(fast)];
        expect(ours.events).toEqual(theirs.events);
        expect(ours.error === undefined).toBe(theirs.error === undefined);
        if (theirs.error === undefined || ours.error instanceof WireFormatError) return;
        errors.add(theirs.error.name);
        expect(ours.error?.name).toBe(theirs.error.name);
        // The SDK has no class for what its model does not know.
        if (theirs.error.name === "NoveltyException") return;
        expect(ours.error?.constructor).toBe(theirs.error.constructor);
        expect(said(ours.error)).toBe(said(theirs.error));
      }),
      { numRuns: 100 },
    );
    expect(errors.size).toBeGreaterThan(4);
  });

  it("whose events say nonsense in sound messages is refused there, or read as the SDK reads it", async () => {
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(json, json, damage, cuts, async (first, second, harm, sizes) => {
        const events = [first, harm(second)].map((payload) => eventOf("SubscribeToShardEvent", payload));
        body = parts(Buffer.concat(events), sizes);
        const ours = await subscribe(fast);
        const theirs = await subscribe(stock);
        const { error } = ours;
        expect(error === undefined || error instanceof WireFormatError).toBe(true);
        if (error !== undefined) refused += 1;
        expect(ours).toEqual(error === undefined ? theirs : { error, events: theirs.events.slice(0, 1) });
      }),
      { numRuns: 100 },
    );
    expect(refused).toBeGreaterThan(10);
  });

  it("that was damaged on its way ends with an error, after the events before the damage", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(event, { minLength: 1, maxLength: 3 }),
        damage,
        cuts,
        async (events, harm, sizes) => {
          const bytes = Buffer.concat(events);
          body = parts(bytes, sizes);
          const whole = await subscribe(stock);
          const harmed = harm(bytes);
          body = parts(harmed, sizes);
          const { events: seen, error } = await subscribe(fast);
          expect(error instanceof WireFormatError).toBe(!harmed.equals(bytes));
          expect(seen).toEqual(whole.events.slice(0, seen.length));
        },
      ),
      { numRuns: 60 },
    );
  });

  it("is asked for in JSON by a client that speaks CBOR otherwise, for the service has no CBOR for events", async () => {
    body = [];
    expect((await subscribe(fast)).error).toBeUndefined();
    expect(asked).toBe("application/x-amz-json-1.1");
  });

  it("reads each event by what it is: CBOR, JSON", async () => {
    await fc.assert(
      fc.asyncProperty(answerFields, choices, cuts, async (fields, numbers, sizes) => {
        const forms = [writeCbor(fields, chooser(numbers)), writeJson(fields, chooser(numbers))];
        body = parts(Buffer.concat(forms.map((form) => eventOf("SubscribeToShardEvent", form))), sizes);
        const { events, error } = await subscribe(fast);
        expect(error).toBeUndefined();
        expect(events).toHaveLength(2);
        expect(events[1]).toEqual(events[0]);
      }),
      { numRuns: 40 },
    );
  });
});

describe("the events of a subscription", () => {
  const one = eventOf(
    "SubscribeToShardEvent",
    writeJson({ Records: [] }, () => 1),
  );
  const neverThrown = (): Promise<never> => Promise.reject(new Error("there was no exception"));

  /** A connection on which there is always another event, and which counts what was taken from it. */
  const endless = () => {
    const taken = { events: 0 };
    const connection = new Readable({
      highWaterMark: one.length * 2,
      read() {
        taken.events += 1;
        this.push(Buffer.from(one));
      },
    });
    return { connection, taken };
  };
  const turns = async (count: number): Promise<void> => {
    for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  };

  it("are taken from the connection as they are asked for", async () => {
    const { connection, taken } = endless();
    const events = (await openSubscription(connection, neverThrown))[Symbol.asyncIterator]();
    for (let asked = 1; asked < 20; asked += 1) {
      await turns(5);
      // What the stream itself keeps in its buffer is all that may be there beside what was asked for.
      expect(taken.events).toBeLessThanOrEqual(asked + 3);
      expect((await events.next()).value).toEqual({ SubscribeToShardEvent: { Records: [] } });
    }
    expect(taken.events).toBeGreaterThanOrEqual(19);
    await events.return?.();
  });

  it.each([0, 1, 3])("let go of the connection when somebody stops after %i of them", async (count) => {
    const { connection } = endless();
    const events = (await openSubscription(connection, neverThrown))[Symbol.asyncIterator]();
    for (let event = 0; event < count; event += 1) await events.next();
    await events.return?.();
    expect(connection.destroyed).toBe(true);
    expect((await events.next()).done).toBe(true);
  });

  it("let go of the connection after an error", async () => {
    const damaged = Buffer.from(one);
    damaged[20] = 0;
    const connection = Readable.from([one, damaged, one]);
    const events = (await openSubscription(connection, neverThrown))[Symbol.asyncIterator]();
    expect((await events.next()).done).toBe(false);
    await expect(events.next()).rejects.toBeInstanceOf(WireFormatError);
    expect(connection.destroyed).toBe(true);
    expect((await events.next()).done).toBe(true);
  });

  it("pass on the connection's own error, after what came before it", async () => {
    const connection = new PassThrough();
    connection.write(one);
    connection.write(one);
    const events = (await openSubscription(connection, neverThrown))[Symbol.asyncIterator]();
    expect((await events.next()).done).toBe(false);
    const waiting = events.next();
    const failing = events.next();
    expect((await waiting).done).toBe(false);
    connection.destroy(new Error("reset"));
    await expect(failing).rejects.toThrow("reset");
  });
});
