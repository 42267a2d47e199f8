import { seededRandom, thrownBy } from "@kinesis-connectors/testkit";
import { describe, expect, it } from "vitest";
import { type BatchWriter, hasCode } from "@kinesis-connectors/core";
import {
  type Compression,
  gzip,
  ndjson,
  none,
  s3Emitter,
  type S3EmitterOptions,
} from "@kinesis-connectors/s3";
import { writerOf } from "../support/batch-writer.js";
import { arrayBuffersAfterCollection } from "../support/memory.js";
import { record } from "../support/support.js";

const MiB = 1024 * 1024;
const CONNECTION = { region: "us-east-1", credentials: { accessKeyId: "test", secretAccessKey: "test" } };

function createWriter(options: Partial<S3EmitterOptions<unknown>>): BatchWriter<unknown> {
  return writerOf(s3Emitter<unknown>({ ...CONNECTION, bucket: "clicks", format: ndjson(), ...options }));
}

const NOTHING = record(0, new Uint8Array());

/** Half a KiB that compresses to about half. */
const texts = ((): readonly string[] => {
  const random = seededRandom(5);
  return Array.from({ length: 2000 }, () => Array.from({ length: 14 }, () => random.uuid()).join(" "));
})();

describe("what a batch holds while it fills", () => {
  it("of 10,000 partitions is a little more than their bytes, and what it says", async () => {
    const writer = createWriter({ compression: gzip(), partition: () => ({}), maxPartitions: 10_000 });
    const before = await arrayBuffersAfterCollection();
    for (let n = 0; n < 10_000; n += 1) {
      writer.write({ n, text: texts[n % texts.length] }, NOTHING, `part=${n}`);
      writer.keep();
    }
    const inBuffers = (await arrayBuffersAfterCollection()) - before;
    expect(inBuffers).toBeGreaterThan(5 * MiB);
    expect(inBuffers).toBeLessThan(32 * MiB);
    expect(writer.heldBytes()).toBeGreaterThan(inBuffers);
    expect(writer.heldBytes()).toBeLessThan(64 * MiB);
    writer.close();
    expect(writer.heldBytes()).toBe(0);
  });

  it("S04 of 100,000 partitions of which every record is refused is nothing", () => {
    const writer = createWriter({ partition: () => ({}), maxPartitions: 10_000 });
    for (let n = 0; n < 100_000; n += 1) {
      writer.write(n, NOTHING, `part=${n}`);
      // The record has another output, and that one is no JSON.
      if (
        !hasCode(
          thrownBy(() => writer.write(undefined, NOTHING, `part=${n}b`)),
          "KC_RECORD_POISON",
        )
      )
        throw new Error("it was not refused");
      writer.drop();
    }
    expect(writer.heldBytes()).toBe(0);
    expect(writer.drain().count).toBe(0);
    writer.close();
  });

  it.each([
    ["gzip() shrinks as it is compressed", gzip(), 0.3, 0.75],
    ["none() is as long as the lines", none(), 1, 1.2],
  ] satisfies [string, Compression, number, number][])("by %s", async (_, compression, least, most) => {
    const writer = createWriter({ compression });
    const before = await arrayBuffersAfterCollection();
    let bytes = 0;
    for (let n = 0; n < 40_000; n += 1) {
      const text = texts[n % texts.length] ?? "";
      bytes += JSON.stringify(text).length + 1;
      writer.write(text, NOTHING, undefined);
      writer.keep();
    }
    // A piece of at most one MiB is not full yet.
    await expect.poll(() => writer.heldBytes()).toBeLessThan(bytes * most + MiB);
    expect(writer.heldBytes()).toBeGreaterThan(bytes * least);
    // Twenty MiB of lines would show.
    const unsaid = async () => Math.abs((await arrayBuffersAfterCollection()) - before - writer.heldBytes());
    await expect.poll(unsaid).toBeLessThan(8 * MiB);
    writer.close();
  });

  it("by many partitions at a time is bounded by smaller pieces", async () => {
    const writer = createWriter({ compression: gzip(), partition: () => ({}), maxPartitions: 500 });
    for (let n = 0; n < 200_000; n += 1) {
      writer.write(texts[n % texts.length], NOTHING, `part=${n % 500}`);
      writer.keep();
    }
    // A hundred MiB of lines: what is compressed of them, and less than 128 KiB of each.
    await expect.poll(() => writer.heldBytes()).toBeLessThan(110 * MiB);
    writer.close();
  });

  it("goes with the writer, also in the middle of a compression", async () => {
    const before = await arrayBuffersAfterCollection();
    const writer = createWriter({ compression: gzip() });
    for (let n = 0; n < 20_000; n += 1) {
      writer.write(texts[n % texts.length], NOTHING, undefined);
      writer.keep();
    }
    writer.close();
    await expect.poll(() => writer.heldBytes()).toBe(0);
    const left = async () => (await arrayBuffersAfterCollection()) - before;
    await expect.poll(left).toBeLessThan(2 * MiB);
  });
});
