import { EventStreamCodec } from "@smithy/core/event-streams";
import { fromUtf8, toUtf8 } from "@smithy/core/serde";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { type EventFrame, readEventFrames, WireFormatError } from "../src/index.js";

// The SDK's own encoder and decoder.
const codec = new EventStreamCodec(toUtf8, fromUtf8);

type Message = Parameters<EventStreamCodec["encode"]>[0];

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

/** Cuts bytes into parts of the given sizes, over and over. */
const parts = (bytes: Buffer, sizes: readonly number[]): Buffer[] => {
  const cut: Buffer[] = [];
  for (let at = 0, index = 0; at < bytes.length; index += 1) {
    const size = sizes[index % sizes.length] ?? 1;
    // A copy each, as parts come from the network.
    cut.push(Buffer.from(bytes.subarray(at, at + size)));
    at += size;
  }
  return cut;
};

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

  it("may not announce more memory than a message can have", async () => {
    const prelude = Buffer.alloc(12);
    prelude.writeUInt32BE(0xffff_ffff, 0);
    const { crc32 } = await import("node:zlib");
    prelude.writeUInt32BE(crc32(prelude.subarray(0, 8)), 8);
    const { error } = await read([prelude, Buffer.alloc(100)]);
    expect(error).toBeInstanceOf(WireFormatError);
    expect(String(error)).toContain("impossible size");
  });
});
