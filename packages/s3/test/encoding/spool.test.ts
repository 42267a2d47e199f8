import { getEventListeners } from "node:events";
import { batchOf, contextOf, deliver, failureFrom, keepingLogger, planOf } from "@kinesis-connectors/testkit";
import { type FileHandle, mkdtemp, open, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { definePipeline, hasCode, json, type Pipeline } from "@kinesis-connectors/core";
import { gzip, ndjson, type S3EmitterOptions, type S3Plan } from "@kinesis-connectors/s3";
import { fileSpool, type OpenFile } from "../../src/objects/body.js";
import { emitterWith } from "../../src/s3-emitter.js";
import { writerOf, takeIn } from "../support/batch-writer.js";
import { BUCKET, linesIn, type LocalS3, startS3 } from "../support/local-s3.js";
import { Shard } from "../support/run-shard.js";
import { bytesOf, record } from "../support/support.js";

const KiB = 1024;
const SMALL_PIECES = { all: 4 * KiB, most: 4 * KiB, least: KiB };

/** A folder that is gone afterwards. */
async function scratchFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), "kc-spool-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

const events = (count: number) =>
  Array.from({ length: count }, (_, n) =>
    record(n, bytesOf(JSON.stringify({ n, page: `/articles/${(n * 7919) % 1000}`.repeat(8) }))),
  );

/** A device that answers every write as a full disk does (Linux, full(4)): ENOSPC. */
const openFull: OpenFile = () => open("/dev/full", "r+");
const openReal: OpenFile = (path) => open(path, "wx+");

function pipelineOn(
  s3: LocalS3,
  openFile: OpenFile | undefined,
  options: Partial<S3EmitterOptions<unknown>>,
): Pipeline<unknown, unknown, S3Plan> {
  return definePipeline<unknown, unknown, S3Plan>({
    transformer: json(),
    emitter: emitterWith<unknown>(
      { ...s3.connection, bucket: BUCKET, format: ndjson(), compression: gzip(), ...options },
      { pieceBytes: SMALL_PIECES, ...(openFile === undefined ? {} : { openFile }) },
    ),
    buffer: { maxRecords: 1000 },
  });
}

const landed = (s3: LocalS3): number[] =>
  s3.objects().flatMap((object) => linesIn(object).map((line) => (JSON.parse(line) as { n: number }).n));

const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

describe("spoolDir", () => {
  it("keeps finished objects on disk until they are uploaded, and leaves no file behind", async () => {
    await using s3 = await startS3();
    await using folder = await scratchFolder();
    const emitter = s3.emitter({
      spoolDir: folder.path,
      multipartAboveBytes: 1000,
      partition: (output) => ({ kind: typeof output }),
    });
    const outputs = ["x".repeat(6 * 1024 * KiB), 1, "two", 2, "y".repeat(7 * 1024 * KiB)];
    await deliver(emitter, batchOf<unknown>(outputs));
    expect(
      Object.fromEntries(s3.objects().map((object) => [object.key.split("/")[0], linesIn(object)])),
    ).toEqual({
      "kind=string": [outputs[0], "two", outputs[4]].map((one) => JSON.stringify(one)),
      "kind=number": ["1", "2"],
    });
    expect(s3.calls()).toContain("CompleteMultipartUpload 200");
    expect(await readdir(folder.path)).toEqual([]);
  });

  it("takes what is compressed of a batch while it fills, and lets go of it with the batch", async () => {
    await using s3 = await startS3();
    await using folder = await scratchFolder();
    const files: FileHandle[] = [];
    const openFile: OpenFile = async (path) => {
      const file = await openReal(path);
      files.push(file);
      return file;
    };
    const emitter = emitterWith<unknown>(
      { ...s3.connection, bucket: BUCKET, format: ndjson(), compression: gzip(), spoolDir: folder.path },
      { openFile },
    );
    const writer = writerOf(emitter);
    const output = { text: Buffer.alloc(48 * KiB, 0).toString("hex") };
    // Twelve MiB, of which a piece of at most one waits to be full.
    for (let n = 0; n < 128; n += 1)
      takeIn(emitter, writer, [{ record: record(n, bytesOf("{}")), outputs: [output] }]);
    while (writer.heldBytes() > 2 * 1024 * KiB) await nextTurn();
    expect(files).toHaveLength(1);
    expect((await files[0]?.stat())?.size).toBeGreaterThan(10 * KiB);
    // It has no name any more: whatever ends the process, the disk has its space back.
    expect(await readdir(folder.path)).toEqual([]);
    const encoded = writer.drain();
    const batch = { ...batchOf<unknown>([output]), entries: [], encoded };
    await emitter.emit(batch, contextOf(planOf(emitter, batch)));
    expect(linesIn(s3.objects()[0])).toEqual(Array(128).fill(JSON.stringify(output)));
    encoded.discard();
    while (files.some(({ fd }) => fd !== -1)) await nextTurn();
    writer.close();
    await emitter.close?.();
  });

  it.each([
    ["while a batch fills", {}],
    ["while a batch of several partitions fills", { partition: () => ({ part: 1 }) }],
    // With a key of its own the whole batch waits as it is, and what is full is met at its end.
    [
      "when objects are finished",
      {
        key: ({ first, last }: { first: { sequenceNumber: string }; last: { sequenceNumber: string } }) =>
          `${first.sequenceNumber}-${last.sequenceNumber}`,
      },
    ],
  ])(
    "F46 a full disk %s stops the shard, with the cure; nothing is lost, and nothing half written",
    async (_, options) => {
      await using s3 = await startS3();
      await using folder = await scratchFolder();
      const spool = { ...options, spoolDir: folder.path };
      const shard = new Shard(events(2500), true, 100);
      const error = await failureFrom(shard.run(pipelineOn(s3, openFull, spool)));
      expect(hasCode(error, "KC_EMIT_REFUSED")).toBe(true);
      expect(error.message).toMatch(/option spoolDir.*ENOSPC.*free its disk/);
      expect(shard.checkpoint).toBeUndefined();
      expect(s3.calls()).toEqual([]);
      // The next owner of the batch that was prepared meets the same disk.
      expect(hasCode(await failureFrom(shard.run(pipelineOn(s3, openFull, spool))), "KC_EMIT_REFUSED")).toBe(
        true,
      );
      expect(s3.calls().filter((call) => !call.startsWith("HeadObject"))).toEqual([]);
      // There is space again.
      await shard.run(pipelineOn(s3, undefined, spool));
      expect(landed(s3)).toEqual(upTo(2500));
      expect(await readdir(folder.path)).toEqual([]);
    },
  );

  it("F46 what a full disk did not take is counted as memory", async () => {
    await using s3 = await startS3();
    await using folder = await scratchFolder();
    const emitter = emitterWith<unknown>(
      { ...s3.connection, bucket: BUCKET, format: ndjson(), spoolDir: folder.path },
      { openFile: openFull },
    );
    const writer = writerOf(emitter);
    const output = "x".repeat(100 * KiB);
    for (let n = 0; n < 100; n += 1) {
      takeIn(emitter, writer, [{ record: record(n, bytesOf("{}")), outputs: [output] }]);
      await nextTurn();
    }
    const encoded = writer.heldBytes();
    expect(encoded).toBeGreaterThan(90 * output.length);
    writer.close();
    await emitter.close?.();
  });

  it("F46 a disk that has space again before a batch is due stops nothing; what it did not take waited in memory", async () => {
    await using s3 = await startS3();
    await using folder = await scratchFolder();
    let refusals = 3;
    const openFile: OpenFile = async (path) => {
      if (refusals === 0) return openReal(path);
      refusals -= 1;
      // No room for another name either: the device answers with the error that a folder on it would.
      const full = await open("/dev/full", "r+");
      try {
        await full.write(Buffer.from("x"));
        throw new Error("a full disk took a byte");
      } finally {
        await full.close();
      }
    };
    const logger = keepingLogger();
    const pipeline = { ...pipelineOn(s3, openFile, { spoolDir: folder.path }), logger };
    const shard = new Shard(events(2500), true, 100);
    await shard.run(pipeline);
    expect(landed(s3)).toEqual(upTo(2500));
    expect(refusals).toBe(0);
    expect(logger.lines.filter((line) => line.includes("ENOSPC"))).not.toEqual([]);
  });

  it("F46 says the same when a write fails after the file was opened", async () => {
    await using folder = await scratchFolder();
    const spool = await fileSpool(folder.path, "spool");
    expect(await (await spool.keep(Buffer.from("kept"))).read(1, 3)).toEqual(Buffer.from("ep"));
    await spool[Symbol.asyncDispose]();
    const error = await failureFrom(spool.keep(Buffer.from("more")));
    expect(hasCode(error, "KC_EMIT_REFUSED")).toBe(true);
    expect(error.message).toContain("spoolDir");
  });

  it("fails when the connector opens, if the folder cannot be written", async () => {
    await using s3 = await startS3();
    const { signal } = new AbortController();
    const logger = keepingLogger();
    const opening =
      s3.emitter({ spoolDir: "/no/such/folder" }).open?.({ signal, logger }) ?? Promise.resolve();
    expect(hasCode(await failureFrom(opening), "KC_EMIT_REFUSED")).toBe(true);
  });

  it("is shared by the emitters of one process, as those of worker threads are, also while they open", async () => {
    await using s3 = await startS3();
    await using folder = await scratchFolder();
    const logger = keepingLogger();
    const emitters = Array.from({ length: 20 }, () => s3.emitter({ spoolDir: folder.path }));
    await Promise.all(
      emitters.map(async (emitter) => {
        // Each thread has a signal of its own.
        const { signal } = new AbortController();
        await emitter.open?.({ signal, logger });
        expect(getEventListeners(signal, "abort")).toEqual([]);
      }),
    );
    expect(await readdir(folder.path)).toEqual([]);
  });
});
