import { HeadObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { hasCode, type KinesisConnectorError } from "@kinesis-connectors/core";
import { memoryLeases } from "@kinesis-connectors/leases";
import { type LocalAws, startLocalAws } from "@kinesis-connectors/local";
import {
  type Compression,
  delimited,
  type Format,
  gzip,
  ndjson,
  none,
  records,
  s3Emitter,
  zstd,
} from "@kinesis-connectors/s3";
import { batchOfEntries, deliver, entryOf, failureFrom } from "@kinesis-connectors/testkit";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { s3Archive, startReplay } from "../src/index.js";
import { Place } from "./support/place.js";

const BUCKET = "clicks";
interface Click {
  readonly n: number;
}

let aws: LocalAws;
let client: S3Client;
let prefix: string;
let place: Place;
let tests = 0;
beforeAll(async () => {
  aws = await startLocalAws({
    kinesis: false,
    dynamodb: false,
    opensearch: false,
    redshift: false,
    s3: { buckets: [BUCKET] },
  });
  client = new S3Client({ ...aws.clientOptions("s3"), forcePathStyle: true });
});
afterAll(async () => {
  client.destroy();
  await aws.close();
});
beforeEach(() => {
  prefix = `archive-${(tests += 1)}`;
  place = new Place();
});

const s3 = () => ({ ...aws.clientOptions("s3"), bucket: BUCKET, prefix });

/** Writes records `from` to before `until` of a shard into the archive, in batches of `size`, as a live connector does. */
async function archive(
  from: number,
  until: number,
  {
    size = 10,
    format = records(),
    compression = none(),
    application = "live",
  }: {
    readonly size?: number;
    readonly format?: Format<Click>;
    readonly compression?: Compression;
    readonly application?: string;
  } = {},
): Promise<void> {
  const emitter = s3Emitter<Click>({ ...s3(), format, compression });
  for (let first = from; first < until; first += size) {
    const entries = Array.from({ length: Math.min(size, until - first) }, (_, nth) =>
      entryOf(first + nth, { n: first + nth }),
    );
    expect(await deliver(emitter, batchOfEntries(entries, { application }))).toEqual({ failed: [] });
  }
  await emitter.close?.();
}

const objects = () => [...aws.s3.objects(BUCKET)].filter(({ key }) => key.startsWith(`${prefix}/`));

/** Puts something in the place of the archive's second object. */
async function putAnew(
  change: (found: { readonly body: Buffer; readonly metadata: Record<string, string> }) => {
    readonly body?: Buffer;
    readonly metadata?: Record<string, string>;
  },
): Promise<string> {
  const found = objects()[1];
  if (found === undefined) throw new Error("there is no second object");
  const { Metadata: metadata = {}, ContentEncoding } = await client.send(
    new HeadObjectCommand({ Bucket: BUCKET, Key: found.key }),
  );
  expect(metadata).toHaveProperty("kc-record-count");
  const changed = change({ body: found.body, metadata });
  await client.send(
    new PutObjectCommand({
      Bucket: BUCKET,
      Key: found.key,
      Body: changed.body ?? found.body,
      ContentEncoding,
      Metadata: changed.metadata ?? metadata,
    }),
  );
  return found.key;
}

async function replayed(options: Partial<Parameters<typeof s3Archive>[0]> = {}): Promise<readonly number[]> {
  const replay = await startReplay({
    application: "again",
    pipeline: place.pipeline(5),
    source: s3Archive({ ...s3(), ...options }),
    leaseTable: memoryLeases().connect(),
    maxBytesPerSecond: 1_000_000_000,
  });
  expect((await replay.done).isComplete).toBe(true);
  return place.landed.map((line) => (JSON.parse(line) as Click).n);
}

const refusal = async (options?: Parameters<typeof replayed>[0]): Promise<KinesisConnectorError> => {
  const error = await failureFrom(replayed(options));
  if (!hasCode(error, "KC_READ_REFUSED") && !hasCode(error, "KC_OPTION_INVALID")) throw error;
  return error;
};

const upTo = (end: number): readonly number[] => Array.from({ length: end }, (_, n) => n);

describe("a replay of an archive in which there is", () => {
  it.each([
    ["a note of somebody's", "notes.txt"],
    [
      "an object that is named like one of ours",
      "shardId-000000000003/49600000000050.0-49600000000059.0.records",
    ],
    ["a folder's marker of a query engine", "2026/_SUCCESS"],
  ])("%s is refused by its name, with what to do", async (_, name) => {
    await archive(0, 20);
    const key = `${prefix}/${name}`;
    await client.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: "done" }));
    const error = await refusal();
    expect(error.message).toContain(`${BUCKET}/${key}`);
    expect(error.message).toMatch(/move it|give the format/);
  });

  it("an object of a format that was not given is refused before anything is written", async () => {
    await archive(0, 20);
    await archive(20, 30, { format: delimited<Click>({ columns: ["n"] }) });
    const error = await refusal();
    expect(error.code).toBe("KC_OPTION_INVALID");
    expect(error.message).toContain('objects that end in ".csv"');
    expect(place.landed).toEqual([]);
  });

  it.each([
    ["gzip", gzip(), (body: Buffer) => body.subarray(0, -12)],
    ["zstd", zstd(), (body: Buffer) => body.subarray(0, -12)],
    ["nothing, whose last line is gone", none(), (body: Buffer) => body.subarray(0, body.length - 40)],
  ])(
    "an object that was cut short, of %s, ends with its name, and nothing past it is written",
    async (_, compression, cut) => {
      await archive(0, 30, { compression });
      const key = await putAnew(({ body }) => ({ body: cut(body) }));
      expect((await refusal()).message).toContain(`${BUCKET}/${key}`);
      expect(place.landed.every((line) => (JSON.parse(line) as Click).n < 20)).toBe(true);
    },
  );

  it.each<[string, (metadata: Record<string, string>) => Record<string, string>]>([
    ["of more records than it holds", (metadata) => ({ ...metadata, "kc-record-count": "11" })],
    ["of other positions", (metadata) => ({ ...metadata, "kc-ids-sha256": "0".repeat(64) })],
    ["of another stream", (metadata) => ({ ...metadata, "kc-stream": "orders" })],
    ["of another shard", (metadata) => ({ ...metadata, "kc-shard": "shardId-000000000009" })],
    ["of another beginning than its name", (metadata) => ({ ...metadata, "kc-first": "49600000000011.0" })],
    ["of another end than its name", (metadata) => ({ ...metadata, "kc-last": "49600000000018.0" })],
    ["of nothing", () => ({})],
  ])("an object whose metadata tell %s ends with its name", async (_, lie) => {
    await archive(0, 30);
    const key = await putAnew(({ metadata }) => {
      const lies = lie(metadata);
      expect(lies).not.toEqual(metadata);
      expect(Object.keys(metadata)).toEqual(expect.arrayContaining(Object.keys(lies)));
      return { metadata: lies };
    });
    expect((await refusal()).message).toContain(`${BUCKET}/${key}`);
  });

  it("a record twice, because the live connector was reset, and reset once more, has it once where positions were kept, each shard in order", async () => {
    await archive(0, 50);
    await archive(20, 60, { size: 7, application: "after a reset" });
    await archive(5, 55, { size: 13, application: "after another" });
    expect(await replayed()).toEqual(upTo(60));
  });

  it("and as often as it is there where they were not, under names that are the same each time", async () => {
    await archive(0, 30, { format: ndjson() });
    await archive(15, 30, { size: 7, format: ndjson(), application: "after a reset" });
    const once = await replayed();
    expect(once.toSorted((a, b) => a - b)).toEqual(
      [...upTo(30), ...upTo(30).slice(15)].toSorted((a, b) => a - b),
    );
    place = new Place();
    expect(await replayed()).toEqual(once);
  });
});
