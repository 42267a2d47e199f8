import { batchOf, contextOf, failureFrom, planOf } from "@kinesis-connectors/testkit";
import { describe, expect, it } from "vitest";
import { ndjson, none, type PieceCompressor, rangeNameOf } from "@kinesis-connectors/s3";
import { emitterWith } from "../../src/s3-emitter.js";
import { bodyOf, bothWays, writerOf, takeIn } from "../support/batch-writer.js";
import { BUCKET, startS3 } from "../support/local-s3.js";
import { bytesOf, record } from "../support/support.js";

const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

describe("encoded outputs", () => {
  it("are told in sizes that come to the bytes of their object, also those that went over from the batch before", async () => {
    await using s3 = await startS3();
    const emitter = s3.emitter({ targetObjectBytes: 1000 });
    const writer = writerOf(emitter);
    const stage = (n: number) => writer.write({ n }, record(n, bytesOf("{}")), undefined);
    const fill = (): number => {
      let bytes = 0;
      for (const n of upTo(30)) {
        // What is dropped counts for nothing.
        stage(1000);
        writer.drop();
        bytes += stage(n);
        writer.keep();
      }
      return bytes;
    };
    const toldFirst = fill();
    const staged = stage(1001);
    const first = writer.drain();
    writer.keep();
    const toldSecond = staged + fill();
    expect((await bodyOf(first))?.length).toBe(toldFirst);
    expect((await bodyOf(writer.drain()))?.length).toBe(toldSecond);
  });

  it("let go of their compressors, whatever ends them", async () => {
    await using s3 = await startS3();
    let open = 0;
    const begin = (): PieceCompressor => {
      open += 1;
      return {
        add: (bytes) => Promise.resolve(bytes),
        end: () => Promise.resolve(Buffer.alloc(0)),
        close: () => {
          open -= 1;
        },
      };
    };
    const emitter = emitterWith<unknown>(
      {
        ...s3.connection,
        bucket: BUCKET,
        format: ndjson(),
        compression: { ...none(), pieces: { heldBytes: 0, begin } },
        partition: (output) => ({ part: Number(output) % 3 }),
      },
      { pieceBytes: { all: 10, most: 10, least: 10 } },
    );
    const writer = writerOf(emitter);
    const fill = () => {
      const records = upTo(60).map((n) => ({ record: record(n, bytesOf("x")), outputs: [n] }));
      const { encoded } = bothWays<unknown>(emitter, writer, records);
      expect(open).toBe(3);
      return encoded;
    };
    const emitted = fill();
    await emitter.emit(emitted, contextOf(planOf(emitter, emitted)));
    expect(open).toBe(0);
    emitted.encoded?.discard();
    fill().encoded?.discard();
    expect(open).toBe(0);
    takeIn(
      emitter,
      writer,
      upTo(60).map((n) => ({ record: record(n, bytesOf("x")), outputs: [n] })),
    );
    expect(open).toBe(3);
    writer.close();
    expect(open).toBe(0);
    await emitter.close?.();
  });

  it.each([
    ["a piece", "add"],
    ["the end", "end"],
  ])(
    "whose compression fails at %s are told by the emission, each time, and nothing is written",
    async (_, step) => {
      await using s3 = await startS3();
      let failures = 1;
      const failOnce = (at: string): void => {
        if (at !== step || failures === 0) return;
        failures -= 1;
        throw new Error("the compressor broke");
      };
      const begin = (): PieceCompressor => ({
        add: async (bytes) => {
          failOnce("add");
          return bytes;
        },
        end: async () => {
          failOnce("end");
          return Buffer.alloc(0);
        },
        close: () => undefined,
      });
      const emitter = emitterWith<unknown>(
        {
          ...s3.connection,
          bucket: BUCKET,
          format: ndjson(),
          compression: { ...none(), pieces: { heldBytes: 0, begin } },
        },
        { pieceBytes: { all: 10, most: 10, least: 10 } },
      );
      const writer = writerOf(emitter);
      const records = upTo(9).map((n) => ({ record: record(n, bytesOf("x")), outputs: [n] }));
      const { encoded } = bothWays<unknown>(emitter, writer, records);
      const plan = planOf(emitter, encoded);
      for (const attempt of [1, 2]) {
        const error = await failureFrom(emitter.emit(encoded, contextOf(plan, { attempt })));
        expect(error.message).toBe("the compressor broke");
      }
      expect(s3.calls()).toEqual([]);
      encoded.encoded?.discard();
      writer.close();
      await emitter.close?.();
    },
  );

  it("whose compression fails for a while are written when it is well again", async () => {
    await using s3 = await startS3();
    let failures = 2;
    const compress = (bytes: Buffer): Promise<Buffer> => {
      failures -= 1;
      return failures < 0 ? Promise.resolve(bytes) : Promise.reject(new Error("the compressor broke"));
    };
    const emitter = s3.emitter({ compression: { extension: "", contentEncoding: undefined, compress } });
    const { encoded } = bothWays<unknown>(emitter, writerOf(emitter), [
      { record: record(0, bytesOf("x")), outputs: ["once"] },
    ]);
    const plan = planOf(emitter, encoded);
    for (const attempt of [1, 2]) await failureFrom(emitter.emit(encoded, contextOf(plan, { attempt })));
    expect(await emitter.emit(encoded, contextOf(plan, { attempt: 3 }))).toEqual({ failed: [] });
    expect(s3.objects().map(({ body }) => body.toString())).toEqual(['"once"\n']);
  });

  it("of another emitter are refused by name", async () => {
    await using s3 = await startS3();
    const emitter = s3.emitter();
    const strange = { ...batchOf<unknown>([]), encoded: { count: 1, discard: () => undefined } };
    expect(() => planOf(emitter, strange)).toThrow("another emitter");
  });

  it("are not encoded where the whole batch is wanted: for a key of one's own, and by formats of whole objects", async () => {
    await using s3 = await startS3();
    const format = { extension: ".x", contentType: "x/x", encodeObject: () => Promise.reject(new Error()) };
    for (const options of [{ key: rangeNameOf }, { format }])
      expect(s3.emitter(options).createWriter).toBeUndefined();
    expect(s3.emitter().createWriter).toBeDefined();
  });
});
