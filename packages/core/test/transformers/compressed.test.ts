import { deflateSync, gzipSync, deflateRawSync } from "node:zlib";
import * as fc from "fast-check";
import { Zstd } from "@hpcc-js/wasm-zstd";
import { describe, expect, it, vi } from "vitest";
import {
  bytes,
  compressed,
  definePipeline,
  hasCode,
  json,
  jsonLines,
  type KinesisRecord,
  text,
} from "../../src/index.js";
import { recordsOf } from "../support/memory-shard.js";
import { createWorld, runIn } from "../support/world.js";

const zstd = await Zstd.load();
const recordWith = (data: Uint8Array | string): KinesisRecord => recordsOf(1, () => data)[0]!;
const document = JSON.stringify({ id: 1, text: "a document ".repeat(50) });
const large = JSON.stringify({ id: 2, text: "x".repeat(600_000) });

/** A frame that does not say what comes out of it, as programs write that compress while they produce. */
const streamed = (data: string | Uint8Array): Buffer => {
  zstd.reset();
  zstd.setCompressionLevel(3);
  return Buffer.concat([zstd.compressChunk(Buffer.from(data)), zstd.compressEnd()]);
};
const COMPRESSIONS = {
  gzip: (data: string | Uint8Array) => gzipSync(data),
  zlib: (data: string | Uint8Array) => deflateSync(data),
  zstd: (data: string | Uint8Array) => Buffer.from(zstd.compress(Buffer.from(data))),
  "zstd of unknown size": streamed,
};
const decode = async (data: Uint8Array, maxBytes?: number): Promise<unknown> =>
  await compressed(text(), maxBytes === undefined ? {} : { maxBytes }).toModel(recordWith(data));
const poisonOf = async (run: () => Promise<unknown>): Promise<Error> => {
  const thrown = await run().then(
    () => new Error("nothing was thrown"),
    (error: unknown) => error as Error,
  );
  expect(thrown).toMatchObject({ code: "KC_RECORD_POISON" });
  return thrown;
};

describe.each(Object.entries(COMPRESSIONS))("compressed() over %s", (name, compress) => {
  it("decodes what was compressed, small and large", async () => {
    expect(await decode(compress(document))).toBe(document);
    expect(await decode(compress(large))).toBe(large);
    expect(await decode(compress("a"))).toBe("a");
  });

  it("decodes members behind one another, where the format has members", async () => {
    const data = Buffer.concat([compress(document), compress(large)]);
    const whole = name === "zlib" ? decode(compress(document + large)) : decode(data);
    expect(await whole).toBe(document + large);
  });

  it("F53 takes what comes to exactly maxBytes, and makes poison of a byte more", async () => {
    for (const content of [document, large]) {
      expect(await decode(compress(content), content.length)).toBe(content);
      const error = await poisonOf(() => decode(compress(content), content.length - 1));
      expect(error.message).toContain(`more than ${content.length - 1}`);
    }
  });

  it("F53 makes poison of what is cut short, at any place", async () => {
    const data = compress(document);
    for (let end = 4; end < data.length; end += 3)
      expect((await poisonOf(() => decode(data.subarray(0, end)))).message).toMatch(/cut short|damaged/);
  });

  it("F53 makes poison of what is followed by something else, which would be lost", async () => {
    const data = Buffer.concat([compress(document), Buffer.from("another document")]);
    expect((await poisonOf(() => decode(data))).message).toMatch(/followed by|damaged/);
  });

  it("F53 makes text or poison of damaged data, and never fails otherwise", async () => {
    const data = compress(document);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(data.length - 1), fc.integer({ min: 1, max: 255 })), {
          minLength: 1,
          maxLength: 4,
        }),
        async (changes) => {
          const damaged = Buffer.from(data);
          for (const [at, by] of changes) damaged[at] = damaged[at]! ^ by;
          const outcome = await decode(damaged).catch((thrown: unknown) =>
            hasCode(thrown, "KC_RECORD_POISON") ? "poison" : thrown,
          );
          expect(outcome).toBeTypeOf("string");
        },
      ),
    );
  });
});

describe("compressed()", () => {
  it("passes on what is not compressed, and reads streams that hold all of them", async () => {
    const made = Object.values(COMPRESSIONS).map((compress) => compress('{"n":1}'));
    const data = [Buffer.from('{"n":1}'), ...made, Buffer.from('{"n":1}')];
    const world = createWorld<{ n: number }>(recordsOf(data.length, (index) => data[index]!));
    world.shard.close();
    const pipeline = definePipeline({
      transformer: compressed(json<{ n: number }>()),
      emitter: world.planned(),
    });
    await world.clock.run(runIn(world, pipeline).done);
    expect(world.objects.entries.map(({ output }) => output.n)).toEqual(data.map(() => 1));
  });

  it("makes poison of a frame of zstd that says it is empty and is not, and of one that is damaged behind its first block", async () => {
    // A raw block of five bytes in a frame of a single segment, whose size of content is the byte before it.
    const frame = (contentBytes: number): Buffer =>
      Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x20, contentBytes, (5 << 3) | 1, 0, 0, ...Buffer.from("hello")]);
    expect(await decode(frame(5))).toBe("hello");
    for (const data of [frame(0), Buffer.concat([frame(5), frame(0)]), frame(4), frame(6)])
      await expect(decode(data)).rejects.toMatchObject({ code: "KC_RECORD_POISON" });

    const head = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58]);
    const raw = Buffer.from([5 << 3, 0, 0, ...Buffer.from("hello")]);
    // A compressed block that holds no section of literals.
    const damaged = Buffer.from([(2 << 1) | (3 << 3) | 1, 0, 0, 0xff, 0xff, 0xff]);
    const last = Buffer.from([1, 0, 0]);
    expect(await decode(Buffer.concat([head, raw, raw, last]))).toBe("hellohello");
    await expect(decode(Buffer.concat([head, raw, damaged]))).rejects.toMatchObject({
      code: "KC_RECORD_POISON",
    });
    // The same with a checksum that is none of its content, behind a block that is empty.
    head[4] = 0x04;
    await expect(decode(Buffer.concat([head, raw, last, Buffer.from([1, 2, 3, 4])]))).rejects.toMatchObject({
      code: "KC_RECORD_POISON",
    });
  });

  it("spends the memory of a block at a time on a bomb of zstd that says nothing of its size, and ends at the limit", async () => {
    const MiB = 1024 * 1024;
    // Blocks of 128 KiB of one byte: a GiB in 32 KiB.
    const block = (isLast: boolean): Buffer => {
      const header = (128 * 1024 * 8) | 2 | (isLast ? 1 : 0);
      return Buffer.from([header & 0xff, (header >> 8) & 0xff, (header >> 16) & 0xff, 0x61]);
    };
    const bomb = Buffer.concat([
      Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58]),
      ...Array.from({ length: 8192 }, (_, index) => block(index === 8191)),
    ]);
    const decompress = vi.spyOn(zstd, "decompressChunk");
    await expect(decode(bomb, 16 * MiB)).rejects.toMatchObject({ code: "KC_RECORD_POISON" });
    // Node's own is not asked in pieces.
    expect(decompress.mock.calls.length).toBeLessThanOrEqual(129);
    for (const [, outputBytes] of decompress.mock.calls) expect(outputBytes).toBeLessThanOrEqual(128 * 1024);
    decompress.mockRestore();
  });

  it.each(["", "\u001f", "(", "(\u00b5/", "x", "xy", "x{}"])("leaves %j alone", async (data) => {
    expect(await decode(Buffer.from(data))).toBe(data);
  });

  it("answers at once for small documents of gzip and zlib, so that they cost no promise", () => {
    for (const compress of [gzipSync, deflateSync])
      expect(compressed(json()).toModel(recordWith(compress('{"a":1}')))).toEqual({ a: 1 });
  });

  it("F53 bombs become dead letters with their bytes as they came, and the records around them land", async () => {
    const bomb = gzipSync(Buffer.alloc(2_000_000));
    const nested = COMPRESSIONS.zstd(Buffer.alloc(2_000_000));
    const data = [gzipSync('{"n":1}'), bomb, nested, gzipSync('{"n":2}')];
    const world = createWorld<{ n: number }>(recordsOf(data.length, (index) => data[index]!));
    world.shard.close();
    const pipeline = definePipeline({
      transformer: compressed(json<{ n: number }>(), { maxBytes: 100_000 }),
      emitter: world.planned(),
      deadLetters: world.deadLetters(),
    });
    await world.clock.run(runIn(world, pipeline).done);
    expect(world.objects.entries.map(({ output }) => output.n)).toEqual([1, 2]);
    expect(world.letters.entries.map(({ output }) => Buffer.from(output.data, "base64"))).toEqual([
      bomb,
      nested,
    ]);
  });

  it("passes on what was compressed with original(), behind a check too, and the record as it came with to()", async () => {
    const spaced = '{ "a" : 1 }';
    const record = recordWith(gzipSync(spaced));
    const originals = [
      compressed(json()).original(),
      compressed(compressed(json())).original(),
      compressed(json())
        .checked({ "~standard": { version: 1, vendor: "v", validate: (value) => ({ value }) } })
        .original(),
    ];
    for (const original of originals)
      expect(Buffer.from(await original.fromModel(undefined, record)).toString()).toBe(spaced);
    expect(await originals[0]!.toModel(record)).toEqual({ a: 1 });
    expect(
      compressed(json())
        .to((_model, { data }) => data)
        .fromModel(1, record),
    ).toBe(record.data);
    expect(await compressed(bytes()).toModel(record)).toEqual(Buffer.from(spaced));
  });

  it("reads several documents of one compressed record, and exact numbers", async () => {
    const record = recordWith(gzipSync('{"id":9007199254740993}\n{"id":1}'));
    expect(await compressed(jsonLines({ numbers: "exact" })).toModel(record)).toEqual([
      { id: 9_007_199_254_740_993n },
      { id: 1 },
    ]);
  });

  it("reads a record that lies in a page of others", async () => {
    const data = gzipSync('{"a":1}');
    const page = Buffer.concat([Buffer.from("before"), data, Buffer.from("after")]);
    const record = { ...recordWith(""), page, dataStart: 6, dataEnd: 6 + data.length };
    expect(await compressed(json()).toModel(record)).toEqual({ a: 1 });
  });

  it("takes raw deflate, which nothing tells by its bytes, for what it is not", async () => {
    const record = recordWith(deflateRawSync('{"a":1}'));
    expect((await poisonOf(async () => await compressed(json()).toModel(record))).message).not.toContain(
      "maxBytes",
    );
  });

  it("refuses what is no decoding transformer, and sizes that are none", () => {
    for (const make of [
      () => compressed(json().to((model) => model) as never),
      () => compressed(undefined as never),
      () => compressed(json(), { maxBytes: 0 }),
      () => compressed(json(), { maxByte: 1 } as never),
    ])
      expect(make).toThrow(expect.objectContaining({ code: "KC_OPTION_INVALID" }));
  });
});
