import { crc32 } from "node:zlib";

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { type EventFrame, readEventFrames, WireFormatError } from "../../src/index.js";
import { outcome } from "../support/answers.js";
import { codec, type Message, parts } from "../support/event-streams.js";

const text = fc
  .string({ unit: "grapheme", maxLength: 40 })
  .map((value) => ({ type: "string" as const, value }));
const headerValue = fc.oneof(
  text,
  fc.boolean().map((value) => ({ type: "boolean" as const, value })),
  fc.integer({ min: -128, max: 127 }).map((value) => ({ type: "byte" as const, value })),
  fc.integer({ min: -32_768, max: 32_767 }).map((value) => ({ type: "short" as const, value })),
  fc.integer().map((value) => ({ type: "integer" as const, value })),
  fc.uint8Array({ maxLength: 20 }).map((value) => ({ type: "binary" as const, value })),
  fc.date({ noInvalidDate: true }).map((value) => ({ type: "timestamp" as const, value })),
  fc.uuid().map((value) => ({ type: "uuid" as const, value })),
);
const message: fc.Arbitrary<Message> = fc.record({
  headers: fc.dictionary(fc.string({ minLength: 1, maxLength: 20 }), headerValue, {
    maxKeys: 5,
    noNullPrototype: true,
  }),
  body: fc.uint8Array({ maxLength: 300 }),
});

const read = async (body: readonly Buffer[]): Promise<{ frames: EventFrame[]; error: unknown }> => {
  const frames: EventFrame[] = [];
  async function* stream(): AsyncGenerator<Buffer> {
    for (const part of body) yield await Promise.resolve(part);
  }
  try {
    for await (const frame of readEventFrames(stream())) frames.push(frame);
    return { frames, error: undefined };
  } catch (error) {
    return { frames, error };
  }
};

const seen = (frame: EventFrame) => ({
  headers: Object.fromEntries(frame.headers),
  payload: frame.payload.toString("hex"),
});

const seenMessage = ({ headers, body }: Message) => ({
  headers: Object.fromEntries(
    Object.entries(headers).flatMap(([name, header]) =>
      header.type === "string" ? [[name, header.value] as const] : [],
    ),
  ),
  payload: Buffer.from(body).toString("hex"),
});

const sizes = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 10 });

describe("the messages of a subscription", () => {
  it("are what the SDK's encoder wrote, however they were cut on their way", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(message, { maxLength: 5 }), sizes, async (messages, cuts) => {
        const bytes = Buffer.concat(messages.map((each) => codec.encode(each)));
        const { frames, error } = await read(parts(bytes, cuts));
        expect(error).toBeUndefined();
        expect(frames.map(seen)).toEqual(messages.map(seenMessage));
      }),
      { numRuns: 300 },
    );
  });

  it("are refused when a bit of them has changed, and those before it are not", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(message, { minLength: 1, maxLength: 3 }),
        sizes,
        fc.nat(),
        fc.nat({ max: 7 }),
        async (messages, cuts, at, bit) => {
          const bytes = Buffer.concat(messages.map((each) => codec.encode(each)));
          const place = at % bytes.length;
          bytes[place] = (bytes[place] ?? 0) ^ (1 << bit);
          const { frames, error } = await read(parts(bytes, cuts));
          expect(error).toBeInstanceOf(WireFormatError);
          expect(frames.map(seen)).toEqual(messages.slice(0, frames.length).map(seenMessage));
          expect(frames.length).toBeLessThan(messages.length);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("are refused when the body ends inside one, wherever", async () => {
    const first = codec.encode({ headers: { a: { type: "string", value: "b" } }, body: Buffer.from("one") });
    const bytes = Buffer.concat([first, first]);
    for (let length = 0; length <= bytes.length; length += 1) {
      const { frames, error } = await read(parts(bytes.subarray(0, length), [7]));
      expect(frames).toHaveLength(Math.floor(length / first.length));
      expect(error instanceof WireFormatError).toBe(length % first.length !== 0);
    }
  });

  it("are the same wherever they are cut in two", async () => {
    const messages: Message[] = [
      { headers: { a: { type: "string", value: "b" } }, body: Buffer.from("one") },
      { headers: {}, body: Buffer.alloc(0) },
      { headers: { c: { type: "boolean", value: true } }, body: Buffer.from("three") },
    ];
    const bytes = Buffer.concat(messages.map((each) => codec.encode(each)));
    for (let length = 1; length < bytes.length; length += 1) {
      const { frames, error } = await read([bytes.subarray(0, length), bytes.subarray(length)]);
      expect(error).toBeUndefined();
      expect(frames.map(seen)).toEqual(messages.map(seenMessage));
    }
  });

  it("with any bytes for headers are refused, or read as the SDK's decoder reads them", async () => {
    let compared = 0;
    let refused = 0;
    // Types, lengths and a few letters: what headers are made of.
    const byte = fc.oneof(fc.nat({ max: 9 }), fc.constantFrom(0x61, 0x3a, 0x80, 0xff));
    const hostile = fc.array(byte, { maxLength: 40 }).map((bytes) => Buffer.from(bytes));
    const sound = message.map((each) => {
      const bytes = Buffer.from(codec.encode({ headers: each.headers, body: Buffer.alloc(0) }));
      return bytes.subarray(12, bytes.length - 4);
    });
    const headers = fc
      .array(fc.oneof(hostile, sound), { maxLength: 2 })
      .map((pieces) => Buffer.concat(pieces));
    await fc.assert(
      fc.asyncProperty(headers, fc.uint8Array({ maxLength: 20 }), async (head, payload) => {
        const frame = Buffer.concat([Buffer.alloc(12), head, payload, Buffer.alloc(4)]);
        frame.writeUInt32BE(frame.length, 0);
        frame.writeUInt32BE(head.length, 4);
        frame.writeUInt32BE(crc32(frame.subarray(0, 8)), 8);
        frame.writeUInt32BE(crc32(frame.subarray(0, -4)), frame.length - 4);
        const { frames, error } = await read([Buffer.from(frame)]);
        const theirs = outcome(() => codec.decode(frame));
        expect(error === undefined || error instanceof WireFormatError).toBe(true);
        if (error !== undefined) {
          // Some of these the SDK takes: it cuts a value off where the headers end.
          refused += 1;
          return;
        }
        compared += 1;
        expect(frames.map(seen)).toEqual(theirs instanceof Error ? theirs : [seenMessage(theirs)]);
      }),
      { numRuns: 1_500 },
    );
    expect(compared).toBeGreaterThan(100);
    expect(refused).toBeGreaterThan(100);
  });

  it("are refused for either checksum alone: that of the beginning, and that of the whole", async () => {
    const bytes = codec.encode({ headers: { a: { type: "string", value: "b" } }, body: Buffer.from("one") });
    // The checksum of the whole covers the beginning too: it is made to fit, so that only the one that is damaged can tell.
    const prelude = Buffer.from(bytes);
    prelude.writeUInt32BE((prelude.readUInt32BE(8) ^ 1) >>> 0, 8);
    prelude.writeUInt32BE(crc32(prelude.subarray(0, -4)), prelude.length - 4);
    const whole = Buffer.from(bytes);
    whole.writeUInt32BE((whole.readUInt32BE(whole.length - 4) ^ 1) >>> 0, whole.length - 4);
    for (const [damaged, said] of [
      [prelude, "beginning does not match its checksum"],
      [whole, "message that does not match its checksum"],
    ] as const) {
      // In one part, and cut within the beginning: either way it is read by another function.
      for (const body of [[damaged], parts(damaged, [5]), parts(damaged, [12])]) {
        const { frames, error } = await read(body.map((part) => Buffer.from(part)));
        expect(frames).toEqual([]);
        expect(error).toBeInstanceOf(WireFormatError);
        expect(String(error)).toContain(said);
      }
    }
  });

  it("may not declare more memory than a message can have", async () => {
    const prelude = Buffer.alloc(12);
    prelude.writeUInt32BE(0xffff_ffff, 0);
    prelude.writeUInt32BE(crc32(prelude.subarray(0, 8)), 8);
    const { error } = await read([prelude, Buffer.alloc(100)]);
    expect(error).toBeInstanceOf(WireFormatError);
    expect(String(error)).toContain("impossible size");
  });
});
