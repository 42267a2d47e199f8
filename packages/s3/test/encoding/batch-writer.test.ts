import { batchOf, contextOf, planOf } from "@kinesis-connectors/testkit";
import { gunzipSync } from "node:zlib";
import { Zstd } from "@hpcc-js/wasm-zstd";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type EncodedOutputs, KinesisConnectorError } from "@kinesis-connectors/core";
import type { LocalObject } from "@kinesis-connectors/local";
import {
  type Compression,
  delimited,
  gzip,
  lengthPrefixed,
  ndjson,
  none,
  raw,
  type RecordFormat,
  zstd,
} from "@kinesis-connectors/s3";
import { emitterWith } from "../../src/s3-emitter.js";
import { bodyOf, bothWays, writerOf, takeIn, type Transformed } from "../support/batch-writer.js";
import { BUCKET, type LocalS3, startS3 } from "../support/local-s3.js";
import { bytesOf, record } from "../support/support.js";

/** One for what is encoded and one for the same outputs as entries. */
let servers: readonly [LocalS3, LocalS3];
let unzstd: (bytes: Uint8Array) => Uint8Array;

beforeAll(async () => {
  servers = [await startS3(), await startS3()];
  const loaded = await Zstd.load();
  unzstd = (bytes) => loaded.decompress(bytes);
});

afterAll(async () => {
  for (const server of servers) await server[Symbol.asyncDispose]();
});

/** A JSON array: what is written before an output depends on where in the object it stands. */
const jsonArray: RecordFormat<unknown> = {
  extension: ".json",
  contentType: "application/json",
  begin: (object) => object.writeText("["),
  write: (output, object) => {
    if (object.length > 1) object.writeText(",");
    // Written before it is looked at: what a refused output left has to go.
    object.writeText("\n");
    if (typeof output === "bigint") throw new KinesisConnectorError("KC_RECORD_POISON", "no bigints");
    object.writeText(JSON.stringify(output));
  },
};

/** Takes whole objects, as a compression of the user's may. */
const reversed: Compression = {
  extension: ".rev",
  contentEncoding: "x-reversed",
  compress: (bytes) => Promise.resolve(Buffer.from(bytes).reverse()),
};

const FORMATS: Readonly<Record<string, RecordFormat<never>>> = {
  ndjson: ndjson(),
  jsonArray,
  raw: raw(),
  lengthPrefixed: lengthPrefixed(),
  delimited: delimited<{ readonly text: string }>({ columns: ["text"], header: true }),
};
/** So that a few bytes go through in pieces, too. */
const eager = (compression: Compression): Compression =>
  compression.pieces === undefined
    ? compression
    : { ...compression, pieces: { ...compression.pieces, heldBytes: 0 } };

const COMPRESSIONS: Readonly<Record<string, Compression>> = {
  none: none(),
  gzip: eager(gzip()),
  zstd: eager(zstd()),
  reversed,
};

function decoded({ body, headers }: LocalObject): Buffer {
  switch (headers["content-encoding"]) {
    case "gzip":
      return gunzipSync(body);
    case "zstd":
      return Buffer.from(unzstd(body));
    case "x-reversed":
      return Buffer.from(body).reverse();
    default:
      return body;
  }
}

/** What is to be seen of the objects of a shard, by key. */
function objectsIn(server: LocalS3, shardId: string): unknown[] {
  return server
    .objects()
    .filter(({ metadata }) => metadata["kc-shard"] === shardId)
    .map((object) => {
      const { key, metadata, headers } = object;
      return { key, metadata, type: headers["content-type"], body: decoded(object).toString("latin1") };
    });
}

/** Whether the output was taken. */
function taken(stage: () => unknown): boolean {
  try {
    stage();
    return true;
  } catch {
    return false;
  }
}

const outputOf: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  ndjson: fc.oneof(fc.jsonValue(), fc.uint8Array({ maxLength: 200 }), fc.bigInt(), fc.constant(undefined)),
  jsonArray: fc.oneof(fc.jsonValue(), fc.bigInt()),
  raw: fc.oneof(fc.uint8Array({ maxLength: 400 }), fc.string({ unit: "binary" }), fc.integer()),
  lengthPrefixed: fc.oneof(fc.uint8Array({ maxLength: 400 }), fc.string(), fc.integer()),
  delimited: fc.oneof(
    fc.record({ text: fc.string() }),
    fc.record({ text: fc.constant(Number.NaN) }),
    fc.integer(),
  ),
};

const cases = fc.constantFrom(...Object.keys(FORMATS)).chain((format) =>
  fc.record({
    format: fc.constant(format),
    compression: fc.constantFrom(...Object.keys(COMPRESSIONS)),
    partitions: fc.integer({ min: 1, max: 4 }),
    hasTarget: fc.boolean(),
    least: fc.integer({ min: 1, max: 600 }),
    // Several batches of one writer, one after the other.
    batches: fc.array(
      fc.array(fc.array(outputOf[format] ?? fc.constant(0), { maxLength: 3 }), {
        minLength: 1,
        maxLength: 25,
      }),
      { minLength: 1, maxLength: 3 },
    ),
  }),
);

describe("encoded outputs", () => {
  it("give the plans, the bytes and the metadata that the same outputs give as entries", async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(cases, async ({ format, compression, partitions, hasTarget, least, batches }) => {
        run += 1;
        const shardId = `shardId-${String(run).padStart(12, "0")}`;
        const [one, other] = servers.map((server) =>
          emitterWith<unknown>(
            {
              ...server.connection,
              bucket: BUCKET,
              prefix: "both",
              // Each format's own outputs are drawn for it.
              format: FORMATS[format] as RecordFormat<unknown>,
              compression: COMPRESSIONS[compression] ?? none(),
              ...(partitions === 1
                ? {}
                : { partition: (_, { sequenceNumber }) => ({ part: Number(sequenceNumber) % partitions }) }),
              ...(hasTarget ? { targetObjectBytes: 1000 } : {}),
            },
            { pieceBytes: { all: 4 * least, most: 4 * least, least } },
          ),
        );
        if (one === undefined || other === undefined) throw new Error("there are two servers");
        const writer = writerOf(one);
        let next = 0;
        for (const outputs of batches) {
          const records = outputs.map((some): Transformed<unknown> => {
            next += 1;
            const subSequenceNumber = next % 3;
            return {
              record: record(next, bytesOf(JSON.stringify(next)), { subSequenceNumber }),
              outputs: some,
            };
          });
          const { encoded, plain } = bothWays(one, writer, records, { shardId });
          expect(encoded.encoded?.count).toBe(plain.entries.length);
          const plan = planOf(one, encoded);
          expect(plan).toEqual(planOf(other, plain));
          // Once more, as after a lost answer: nothing changes.
          for (const attempt of [1, 2])
            expect(await one.emit(encoded, contextOf(plan, { attempt }))).toEqual({ failed: [] });
          expect(await other.emit(plain, contextOf(plan))).toEqual({ failed: [] });
          encoded.encoded?.discard();
        }
        writer.close();
        expect(objectsIn(servers[0], shardId)).toEqual(objectsIn(servers[1], shardId));
        await Promise.all([one.close?.(), other.close?.()]);
      }),
      { numRuns: 150 },
    );
  });

  it("that are the data of their records are taken from the page as they are, and the page may serve again", async () => {
    await using s3 = await startS3();
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(ndjson(), raw(), lengthPrefixed()),
        fc.array(fc.tuple(fc.uint8Array({ maxLength: 50 }), fc.boolean()), { minLength: 1, maxLength: 20 }),
        async (format, records) => {
          const emitter = s3.emitter({ format: format as RecordFormat<unknown> });
          const [one, other] = [writerOf(emitter), writerOf(emitter)];
          const drained: EncodedOutputs[] = [];
          for (const [nth, [data, isEnd]] of records.entries()) {
            const page = Buffer.concat([Buffer.from("before"), data, Buffer.from("after")]);
            const read = { ...record(nth, data), page, dataStart: 6, dataEnd: 6 + data.length };
            const isTaken = taken(() => one.writeData?.(read));
            expect(taken(() => other.write(data, read, undefined))).toBe(isTaken);
            if (isEnd) drained.push(one.drain(), other.drain());
            for (const writer of [one, other])
              if (isTaken) writer.keep();
              else writer.drop();
            page.fill("!");
          }
          drained.push(one.drain(), other.drain());
          const bodies = [];
          for (const encoded of drained) bodies.push(await bodyOf(encoded));
          for (let nth = 0; nth < bodies.length; nth += 2) expect(bodies[nth]).toEqual(bodies[nth + 1]);
        },
      ),
    );
  });

  it("that are staged when a batch ends go into the next one, whatever stands before them there", async () => {
    await using s3 = await startS3();
    const emitter = emitterWith<unknown>({ ...s3.connection, bucket: BUCKET, format: jsonArray });
    const writer = writerOf(emitter);
    const numbers = [0, 1, 2, 3].map((n) => ({ record: record(n, bytesOf("x")), outputs: [n] }));
    takeIn(emitter, writer, numbers.slice(0, 2));
    for (const output of ["a", "b"]) writer.write(output, record(2, bytesOf("x")), undefined);
    const drained = [writer.drain()];
    writer.keep();
    takeIn(emitter, writer, numbers.slice(3));
    drained.push(writer.drain());
    for (const [nth, encoded] of drained.entries()) {
      const batch = { ...batchOf<unknown>([], { shardId: `shardId-00000000000${nth}` }), encoded };
      await emitter.emit(batch, contextOf(planOf(emitter, batch)));
    }
    expect(s3.objects().map(({ body, metadata }) => [body.toString(), metadata["kc-record-count"]])).toEqual([
      ["[\n0,\n1", "2"],
      ['[\n"a",\n"b",\n3', "3"],
    ]);
    await emitter.close?.();
  });
});
