import { batchOf, contextOf, deliver, planOf, seededRandom, thrownBy } from "@kinesis-connectors/testkit";
import zlib, { gunzipSync, inflateRawSync } from "node:zlib";
import { Zstd } from "@hpcc-js/wasm-zstd";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Compression, gzip, none, zstd } from "@kinesis-connectors/s3";
import { AT_ONCE_BYTES } from "../../src/compression/compression.js";
import { linesIn, startS3 } from "../support/local-s3.js";

const text = Buffer.from(JSON.stringify({ page: "/articles/1", agent: "Mozilla/5.0" }).repeat(5000));

describe("compression", () => {
  it("gives the bytes back, smaller", async () => {
    const gzipped = await gzip().compress(text);
    expect(gunzipSync(gzipped).equals(text)).toBe(true);
    const { decompress } = await loadedZstd();
    const packed = await zstd().compress(text);
    expect(decompress(packed).equals(text)).toBe(true);
    for (const bytes of [gzipped, packed]) expect(bytes.length).toBeLessThan(text.length / 10);
    expect(await none().compress(text)).toBe(text);
  });

  it("gives large objects back, also several at a time", async () => {
    const random = seededRandom(3);
    const large = [0, 1, 2].map(() =>
      Buffer.from(
        Array.from({ length: 90_000 }, () => random.uuid())
          .join(" ")
          .slice(0, 3_000_000 + 17),
      ),
    );
    const { decompress } = await loadedZstd();
    const compression = zstd();
    const packed = await Promise.all(large.map((bytes) => compression.compress(bytes)));
    for (const [nth, bytes] of packed.entries()) {
      expect(bytes.length).toBeLessThan(2_000_000);
      expect(decompress(bytes).equals(large[nth] ?? Buffer.alloc(0))).toBe(true);
    }
  });

  it("takes nothing at all, too", async () => {
    const { decompress } = await loadedZstd();
    expect(gunzipSync(await gzip().compress(Buffer.alloc(0)))).toHaveLength(0);
    expect(decompress(await zstd().compress(Buffer.alloc(0)))).toHaveLength(0);
  });

  it("gives small objects back, which are compressed at once, and those just above, in the same bytes whenever it is asked", async () => {
    const { decompress } = await loadedZstd();
    for (const size of [1, 2_000, AT_ONCE_BYTES, AT_ONCE_BYTES + 1]) {
      const bytes = text.subarray(0, size);
      const gzipped = await gzip().compress(bytes);
      expect(gunzipSync(gzipped).equals(bytes)).toBe(true);
      expect((await gzip().compress(bytes)).equals(gzipped)).toBe(true);
      expect(decompress(await zstd().compress(bytes)).equals(bytes)).toBe(true);
    }
  });

  it("takes small objects to the event loop at levels that are fast, and to the thread pool at the others", async () => {
    const isMadeAtOnce = async (compression: Compression): Promise<boolean> => {
      let isMade = false;
      const made = compression.compress(text.subarray(0, 2_000)).then(() => (isMade = true));
      for (let step = 0; step < 20; step += 1) await Promise.resolve();
      const wasMade = isMade;
      await made;
      return wasMade;
    };
    expect(await Promise.all([1, 4, 6].map((level) => isMadeAtOnce(gzip(level))))).toEqual([
      true,
      true,
      true,
    ]);
    expect(await Promise.all([7, 9].map((level) => isMadeAtOnce(gzip(level))))).toEqual([false, false]);
    // Where Node has no zstd, the binding has one thread only.
    if (!("zstdCompress" in zlib)) return;
    expect(await Promise.all([1, 3, 9].map((level) => isMadeAtOnce(zstd(level))))).toEqual([
      true,
      true,
      true,
    ]);
    expect(await Promise.all([10, 19].map((level) => isMadeAtOnce(zstd(level))))).toEqual([false, false]);
  });

  it("may have another level than the release that prepared a batch: its objects are its own by their batch, not by their bytes", async () => {
    await using s3 = await startS3();
    const [before, after] = [s3.emitter({ compression: gzip(1) }), s3.emitter({ compression: gzip() })];
    const outputs = Array.from({ length: 500 }, (_, n) => ({ n, text: `record ${n} of 500` }));
    const [first, second] = ["1", "2"].map((nth) =>
      batchOf<unknown>(outputs, { shardId: `shardId-00000000000${nth}` }),
    );
    if (first === undefined || second === undefined) throw new Error("two batches were made");
    // Written by the one: the other finds it.
    const inherited = contextOf(planOf(before, first), { inherited: true });
    await deliver(before, first);
    expect(await after.isWritten?.(first, inherited)).toBe(true);
    expect(await after.emit(first, inherited)).toEqual({ failed: [] });
    // Prepared by the one and written by the other, and then by the one all the same, too late.
    const plan = planOf(before, second);
    expect(await after.emit(second, contextOf(plan, { inherited: true }))).toEqual({ failed: [] });
    const [, late] = s3.objects();
    expect(await before.emit(second, contextOf(plan))).toEqual({ failed: [] });
    const objects = s3.objects();
    expect(objects.map(linesIn)).toEqual(Array(2).fill(outputs.map((output) => JSON.stringify(output))));
    expect(objects[1]?.body.equals(late?.body ?? Buffer.alloc(0))).toBe(true);
    expect(objects[0]?.body.equals(objects[1]?.body ?? Buffer.alloc(0))).toBe(false);
    expect(s3.calls().filter((call) => call === "PutObject 412")).toHaveLength(2);
  });

  it("shows in key and headers as query engines expect it", async () => {
    await using s3 = await startS3();
    await deliver(s3.emitter({ compression: zstd(1) }), batchOf([{ a: 1 }]));
    const [object] = s3.objects();
    expect(object?.key).toMatch(/\.ndjson\.zst$/);
    expect(object?.headers).toMatchObject({
      "content-type": "application/x-ndjson",
      "content-encoding": "zstd",
    });
    const { decompress } = await loadedZstd();
    expect(decompress(object?.body ?? Buffer.alloc(0)).toString()).toBe('{"a":1}\n');
  });

  it.each([0, 20, 1.5])("refuses level %d of zstd", (level) => {
    expect(thrownBy(() => zstd(level)).message).toContain("zstd level");
  });
});

/** Every compression that has pieces here: zstd from Node 22.15 on. */
const inPieces: [string, Compression][] = [
  ["gzip(1)", gzip(1)],
  ["gzip(9)", gzip(9)],
  ["none()", none()],
  ["zstd()", zstd()],
];

async function piecesOf(compression: Compression, pieces: readonly Uint8Array[]): Promise<Buffer> {
  if (compression.pieces === undefined) return compression.compress(Buffer.concat(pieces));
  const compressor = compression.pieces.begin();
  // All at once, as while the event loop is busy.
  const made = await Promise.all(pieces.map((piece) => compressor.add(Buffer.from(piece))));
  made.push(await compressor.end());
  compressor.close();
  return Buffer.concat(made);
}

interface Inflated {
  readonly engine: { readonly bytesWritten: number };
}

/** By a decoder that reads one member, or one frame: throws when there is more behind it. */
async function readBack(compression: Compression, bytes: Buffer): Promise<Buffer> {
  if (compression.contentEncoding === "zstd") return (await loadedZstd()).decompress(bytes);
  if (compression.contentEncoding !== "gzip") return bytes;
  // Header and trailer are of fixed lengths; what is between them has to be one stream of deflate.
  const deflated = bytes.subarray(10, -8);
  const { engine } = inflateRawSync(deflated, { info: true }) as unknown as Inflated;
  if (engine.bytesWritten !== deflated.length) throw new Error("there is more behind the first member");
  return gunzipSync(bytes);
}

describe("an object compressed in pieces", () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    // Longer than what deflate refers back to, and about as long.
    fc
      .record({
        unit: fc.uint8Array({ minLength: 1, maxLength: 300 }),
        times: fc.integer({ min: 100, max: 300 }),
      })
      .map(({ unit, times }) => Buffer.concat(Array<Uint8Array>(times).fill(unit))),
    fc.integer({ min: 32_760, max: 32_776 }).map((length) => Buffer.alloc(length, "ab")),
  );

  it.each(inPieces)("is one whole of %s, wherever it is cut", async (_, compression) => {
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 6 }), async (pieces) => {
        const whole = Buffer.concat(pieces);
        const compressed = await piecesOf(compression, pieces);
        expect((await readBack(compression, compressed)).equals(whole)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it("refers back over its cuts: little becomes larger by them", async () => {
    const words = Buffer.from(
      Array.from({ length: 20_000 }, (__, n) => `/articles/${(n * 7919) % 5000}`).join(" "),
    );
    const cut = Array.from({ length: 8 }, (__, n) =>
      words.subarray((words.length * n) >> 3, (words.length * (n + 1)) >> 3),
    );
    const inOneGo = (await gzip().compress(words)).length;
    expect((await piecesOf(gzip(), cut)).length).toBeLessThan(inOneGo * 1.03);
    const apart = await Promise.all(cut.map((bytes) => gzip().compress(bytes)));
    expect(apart.reduce((sum, bytes) => sum + bytes.length, 0)).toBeGreaterThan(inOneGo * 1.03);
  });

  it.each(inPieces)("of %s has about the size that a sample tells", async (_, compression) => {
    await compression.compress(text);
    const { length } = await compression.compress(text);
    // Level and frame are the same; how a sample is handed over may cost a block more.
    expect(Math.abs((compression.sampleBytes?.(text) ?? 0) - length)).toBeLessThan(16);
  });
});

async function loadedZstd(): Promise<{ readonly decompress: (bytes: Buffer) => Buffer }> {
  const loaded = await Zstd.load();
  return { decompress: (bytes) => Buffer.from(loaded.decompress(bytes)) };
}
