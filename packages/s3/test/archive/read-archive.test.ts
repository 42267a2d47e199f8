import { gzipSync } from "node:zlib";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { definePipeline, hasCode, json, type KinesisRecord } from "@kinesis-connectors/core";
import {
  type ArchivedRecord,
  type ArchiveFormat,
  type Compression,
  delimited,
  type Format,
  gzip,
  lengthPrefixed,
  ndjson,
  none,
  raw,
  readArchive,
  type ReadArchiveOptions,
  records,
  s3DeadLetters,
  s3Emitter,
  type S3EmitterOptions,
  zstd,
} from "@kinesis-connectors/s3";
import type { FaultEffect } from "@kinesis-connectors/local";
import { failureFrom } from "@kinesis-connectors/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BUCKET, type LocalS3, startS3 } from "../support/local-s3.js";
import { Shard } from "../support/run-shard.js";
import { bytesOf, record } from "../support/support.js";

let s3: LocalS3;
beforeEach(async () => {
  s3 = await startS3();
});
afterEach(async () => {
  await s3[Symbol.asyncDispose]();
});

type Click = { readonly n: number; readonly text: string | null };

const click = (n: number): Click => ({
  n,
  text: n % 7 === 0 ? null : `line\nand "quote", ${"x".repeat(n % 50)}`,
});
const clicks = (count: number): KinesisRecord[] =>
  Array.from({ length: count }, (_, n) => record(n, bytesOf(JSON.stringify(click(n)))));

/** Archives records below `archive/`, in batches of `maxRecords`. */
async function archive<Output>(
  found: readonly KinesisRecord[],
  {
    to,
    maxRecords = 100,
    ...options
  }: { readonly to: (click: Click, record: KinesisRecord) => Output; readonly maxRecords?: number } & Partial<
    S3EmitterOptions<Output>
  > & { readonly format: Format<Output> },
): Promise<void> {
  const pipeline = definePipeline({
    transformer: json<Click>().to(to),
    buffer: { maxRecords },
    emitter: s3Emitter<Output>({ ...s3.connection, bucket: BUCKET, prefix: "archive", ...options }),
    deadLetters: s3DeadLetters({ ...s3.connection, bucket: BUCKET, prefix: "archive" }),
  });
  await new Shard(found).run(pipeline);
}

async function read(options: Partial<ReadArchiveOptions> = {}): Promise<ArchivedRecord[]> {
  const found: ArchivedRecord[] = [];
  const source = readArchive({
    ...s3.connection,
    bucket: BUCKET,
    prefix: "archive",
    chunkBytes: 1024,
    ...options,
  });
  for await (const one of source) found.push(one);
  return found;
}

const textOf = (data: Uint8Array): string => Buffer.from(data).toString("utf8");
const refusal = async (options: Partial<ReadArchiveOptions> = {}): Promise<string> => {
  const error = await failureFrom(read(options));
  expect(hasCode(error, "KC_READ_REFUSED")).toBe(true);
  return error.message;
};

const COMPRESSIONS: readonly (() => Compression)[] = [none, gzip, zstd];

describe("an archive is read back", () => {
  it.each(COMPRESSIONS.flatMap((compression) => [1, 100].map((perObject) => ({ compression, perObject }))))(
    "of records(), with their positions, keys, times and bytes: $compression.name, $perObject records an object",
    async ({ compression, perObject }) => {
      const put = clicks(perObject === 1 ? 5 : 350);
      await archive(put, {
        to: () => "looked at by nobody",
        format: records(),
        compression: compression(),
        maxRecords: perObject,
      });
      const found = await read();
      expect(
        found.map(({ position, partitionKey, arrivalTimeMs, data, stream, shardId }) => ({
          sequenceNumber: position?.sequenceNumber,
          subSequenceNumber: position?.subSequenceNumber,
          partitionKey,
          arrivalTimeMs,
          data: textOf(data),
          stream,
          shardId,
        })),
      ).toEqual(
        put.map(({ sequenceNumber, subSequenceNumber, partitionKey, arrivalTimeMs, data }) => ({
          sequenceNumber,
          subSequenceNumber,
          partitionKey,
          arrivalTimeMs,
          data: textOf(data),
          stream: "clicks",
          shardId: "shardId-000000000003",
        })),
      );
    },
  );

  const CASES: readonly {
    readonly name: string;
    readonly format: Format<never> & ArchiveFormat;
    readonly to: (click: Click, record: KinesisRecord) => never;
    readonly back: (found: ArchivedRecord) => unknown;
  }[] = [
    caseOf(
      "ndjson()",
      ndjson(),
      (one) => one,
      ({ data }) => JSON.parse(textOf(data)),
    ),
    caseOf(
      "raw({ separator })",
      raw({ separator: "\u0000\u0000" }),
      (_, { data }) => data,
      ({ data }) => JSON.parse(textOf(data)),
    ),
    caseOf(
      "lengthPrefixed()",
      lengthPrefixed(),
      (_, { data }) => data,
      ({ data }) => JSON.parse(textOf(data)),
    ),
    caseOf(
      "delimited({ header })",
      delimited<Click>({ columns: ["n", "text"], header: true, nullText: "\\N" }),
      (one) => one,
      ({ row }) => ({ ...row, n: Number(row?.["n"]) }),
    ),
    caseOf(
      "delimited({ delimiter })",
      delimited<Click>({ columns: ["n", "text"], delimiter: "\t" }),
      (one) => one,
      ({ row }) => ({ ...row, n: Number(row?.["n"]) }),
    ),
  ];

  it.each(
    CASES.flatMap((one) =>
      [gzip, zstd].map((compression) => [one.name, compression.name, one, compression] as const),
    ),
  )("of %s in folders: %s", async (_format, _compression, { format, to, back }, compression) => {
    const put = clicks(40);
    await archive(put, {
      to,
      format,
      compression: compression(),
      partition: (_output, { partitionKey }) => ({ last: partitionKey.slice(-1) }),
    });
    const found = await read({ formats: [format] });
    expect(found).toHaveLength(40);
    expect(found.map((one) => back(one) as Click).toSorted((a, b) => a.n - b.n)).toEqual(
      put.map((_, n) => click(n)),
    );
    expect(new Set(found.map(({ key }) => key.split("/")[1])).size).toBe(10);
  });

  it("without dead letters, plans and what the store was tried with", async () => {
    const put = clicks(250);
    put[7] = record(7, bytesOf("no json"));
    // Plans of so many places are objects of their own.
    await archive(put, {
      to: (one) => one,
      format: ndjson(),
      maxRecords: 250,
      partition: ({ n }) => ({ n }),
    });
    expect(s3.objects().some(({ key }) => key.includes("/_plans/"))).toBe(true);
    expect(s3.objects().some(({ key }) => key.endsWith(".dead.ndjson"))).toBe(true);
    expect(await read()).toHaveLength(249);
  });

  it("of several outputs of a record once, where records() kept it", async () => {
    const pipeline = definePipeline({
      transformer: json<Click[]>()
        .each()
        .to((one) => one),
      emitter: s3Emitter({ ...s3.connection, bucket: BUCKET, prefix: "archive", format: records() }),
    });
    await new Shard([record(0, bytesOf("[1,2,3]")), record(1, bytesOf("[4]"))]).run(pipeline);
    expect((await read()).map(({ data }) => textOf(data))).toEqual(["[1,2,3]", "[4]"]);
  });
});

describe("a range of time", () => {
  const at = (n: number): Date => new Date(record(n, new Uint8Array()).arrivalTimeMs);

  it("goes by the record where records() kept its time", async () => {
    await archive(clicks(350), { to: (one) => one, format: records() });
    const found = await read({ from: at(120), until: at(260) });
    expect(found.map(({ data }) => (JSON.parse(textOf(data)) as Click).n)).toEqual(
      Array.from({ length: 140 }, (_, n) => 120 + n),
    );
  });

  it("takes objects of other formats whole, by their first record: ranges that follow each other have each once", async () => {
    await archive(clicks(350), { to: (one) => one, format: ndjson() });
    const ranges = [{ until: at(150) }, { from: at(150), until: at(250) }, { from: at(250) }];
    const counts = [];
    for (const range of ranges) counts.push((await read(range)).length);
    expect(counts).toEqual([200, 100, 50]);
  });

  it("that lies backwards is refused", async () => {
    expect(hasCode(await failureFrom(read({ from: at(2), until: at(2) })), "KC_OPTION_INVALID")).toBe(true);
  });
});

describe("an object that is damaged is named", () => {
  /** Puts an object of the archive anew with other bytes, and with the metadata that it had. */
  async function damage(change: (body: Buffer) => Buffer): Promise<string> {
    const [found] = s3.archived();
    if (found === undefined) throw new Error("nothing was archived");
    const { key, body, headers, metadata } = found;
    const client = new S3Client({ ...s3.connection, forcePathStyle: true });
    await client.send(
      new PutObjectCommand({
        Bucket: BUCKET,
        Key: key,
        Body: change(body),
        ContentEncoding: headers["content-encoding"],
        Metadata: { ...metadata },
      }),
    );
    client.destroy();
    return key;
  }

  it.each([
    ["cut short", (body: Buffer) => body.subarray(0, -10), gzip()],
    [
      "with other bytes in it",
      (body: Buffer) => Buffer.concat([body.subarray(0, 100), Buffer.from("xxxx"), body.subarray(104)]),
      gzip(),
    ],
    ["cut short and of zstd", (body: Buffer) => body.subarray(0, -10), zstd()],
    ["with a line less", (body: Buffer) => body.subarray(body.indexOf("\n") + 1), none()],
    [
      "with a line of another record",
      (body: Buffer) => Buffer.from(body.toString().replace(/(4960000000000)0/, "$19")),
      none(),
    ],
    ["that ends in a line", (body: Buffer) => body.subarray(0, -1), none()],
    [
      "with data that is no base64",
      (body: Buffer) => Buffer.from(body.toString().replace('"data":"', '"data":"?')),
      none(),
    ],
  ])("%s", async (_, change, compression) => {
    await archive(clicks(50), { to: (one) => one, format: records(), compression });
    const key = await damage(change);
    const message = await refusal();
    expect(message).toContain(`${BUCKET}/${key}, after`);
    expect(message).not.toContain("quote");
  });

  it("with lines without end, which are not handed out: a few bytes of gzip may be gigabytes", async () => {
    await archive(clicks(5), { to: (one) => one, format: ndjson(), compression: gzip() });
    await damage(() => gzipSync(Buffer.alloc(20_000_000, "\n")));
    let count = 0;
    const all = async (): Promise<void> => {
      for await (const _one of readArchive({ ...s3.connection, bucket: BUCKET, prefix: "archive" }))
        count += 1;
    };
    expect((await failureFrom(all())).message).toContain("more than the 5 records");
    expect(count).toBeLessThanOrEqual(5);
  });

  it("that nobody of ours has written", async () => {
    const client = new S3Client({ ...s3.connection, forcePathStyle: true });
    await client.send(
      new PutObjectCommand({ Bucket: BUCKET, Key: "archive/mine.ndjson", Body: gzipSync("x") }),
    );
    client.destroy();
    expect(await refusal()).toContain("archive/mine.ndjson");
  });

  it("with an extension of a format that was not given, with the cure", async () => {
    await archive(clicks(5), { to: (one) => one, format: delimited<Click>({ columns: ["n"] }) });
    const error = await failureFrom(read());
    expect(hasCode(error, "KC_OPTION_INVALID")).toBe(true);
    expect(error.message).toContain('formats lacks one for objects that end in ".csv"');
  });

  it("with a record longer than was allowed", async () => {
    await archive(clicks(50), { to: (one) => one, format: ndjson() });
    expect(await refusal({ maxRecordBytes: 20 })).toContain("maxRecordBytes");
  });
});

const SLOW_DOWN: FaultEffect = {
  kind: "error",
  status: 503,
  code: "SlowDown",
  message: "Please reduce your request rate.",
};

describe("an outage", () => {
  it("is waited for, in the middle of an object too", async () => {
    await archive(clicks(300), { to: (one) => one, format: records(), maxRecords: 300 });
    const effects: readonly FaultEffect[] = [
      SLOW_DOWN,
      { kind: "reset", at: "inside-body" },
      { kind: "truncated-body" },
    ];
    for (const effect of effects)
      s3.aws.faults.add({ server: "s3", operation: "GetObject", times: 4, nth: 4, effect });
    expect(await read()).toHaveLength(300);
    expect(s3.aws.faults.unfired()).toEqual([]);
  });

  it("ends after as many tries as were allowed", async () => {
    await archive(clicks(3), { to: (one) => one, format: records() });
    s3.aws.faults.add({ server: "s3", operation: "GetObject", times: 100, effect: SLOW_DOWN });
    expect(await refusal({ maxAttempts: 2 })).toContain("SlowDown");
  });
});

function caseOf<Output>(
  name: string,
  format: Format<Output> & ArchiveFormat,
  to: (click: Click, record: KinesisRecord) => Output,
  back: (found: ArchivedRecord) => unknown,
) {
  // Each case is of one output type from end to end; the table of them knows none.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return { name, format, to, back } as never;
}
