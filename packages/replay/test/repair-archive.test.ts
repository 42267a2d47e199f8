import { setTimeout as wait } from "node:timers/promises";
import { DeleteObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { startConnector } from "@kinesis-connectors/consumer";
import { connectKinesis, type KinesisApi } from "@kinesis-connectors/consumer/kinesis";
import {
  type Clock,
  definePipeline,
  json,
  silentLogger,
  systemClock,
  type Transformer,
} from "@kinesis-connectors/core";
import { memoryLeases } from "@kinesis-connectors/leases";
import { type LocalAws, startLocalAws } from "@kinesis-connectors/local";
import { ndjson, readArchive, s3DeadLetters, s3Emitter } from "@kinesis-connectors/s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ArchiveRepair, deadLetters, repairArchive, startReplay } from "../src/index.js";
import { gapOfKey, gapsOf, keyOfGap } from "../src/repair/gaps.js";

const at = (n: number, sub = 0) => ({ sequenceNumber: String(n), subSequenceNumber: sub });
const range = (first: number, last: number) => ({ first: at(first), last: at(last) });

describe("gaps", () => {
  it.each([
    ["none where ranges follow each other to the checkpoint", [range(1, 5)], at(5), undefined, []],
    [
      "between ranges, and behind the last one to the checkpoint",
      [range(3, 5), range(9, 12)],
      at(20),
      undefined,
      ["s/5.0/before/9.0", "s/12.0/through/20.0"],
    ],
    [
      "behind the last one to the end of the shard",
      [range(3, 5)],
      "SHARD_END" as const,
      undefined,
      ["s/5.0/shard-end"],
    ],
    ["before the first one where that is asked for", [range(3, 5)], at(5), 7, ["s/@7/before/3.0"]],
    ["from the beginning to the checkpoint where there is no object", [], at(5), 7, ["s/@7/through/5.0"]],
    ["none where there is no object and nothing is asked for", [], at(5), undefined, []],
    [
      "none of ranges within another",
      [range(1, 9), range(2, 3), range(10, 11)],
      at(11),
      undefined,
      ["s/9.0/before/10.0"],
    ],
    ["none past the checkpoint", [range(1, 5)], at(3), undefined, []],
    [
      "to the checkpoint, and none past it, where objects lie behind it",
      [range(1, 5), range(8, 9), range(20, 30), range(40, 50)],
      at(12),
      undefined,
      ["s/5.0/before/8.0", "s/9.0/through/12.0"],
    ],
    ["none past a checkpoint within an object", [range(1, 5), range(9, 12)], at(3), undefined, []],
    ["none of a shard of which nothing is committed", [range(3, 5), range(9, 12)], "LATEST" as const, 7, []],
    ["none behind the last one of a shard without a row", [range(1, 5)], undefined, undefined, []],
  ])("%s", (_, ranges, checkpoint, fromMs, keys) => {
    const gaps = gapsOf("s", ranges, checkpoint, fromMs);
    expect(gaps.map(keyOfGap)).toEqual(keys);
    expect(gaps.map((gap) => gapOfKey(keyOfGap(gap)))).toEqual(gaps);
  });

  it("of rows of another making are none", () => {
    for (const key of ["shardId-000000000000", "s/x/before/3.0", "s/1.0/before/x", "s/1.0/other/3.0"])
      expect(gapOfKey(key)).toBeUndefined();
  });
});

/** Time goes ten times as fast, for pauses that are seconds. */
const hurried: Clock = {
  ...systemClock,
  monotonicNow: () => systemClock.monotonicNow() * 10,
  setTimer: (delayMs, run) => systemClock.setTimer(delayMs / 10, run),
};

/** What the transformer becomes once it knows what to make of a damaged record. */
const mending: Transformer<Click, Click> = {
  toModel: ({ data }) => {
    const line = Buffer.from(data).toString("utf8");
    return JSON.parse(line.replace("damaged ", "")) as Click;
  },
  fromModel: (click) => click,
};

const BUCKET = "clicks";
const COUNT = 300;
interface Click {
  readonly n: number;
}

describe("repairArchive", () => {
  let aws: LocalAws;
  const live = memoryLeases();
  const own = memoryLeases();
  const isDamaged = (n: number): boolean => n === 50 || n === 52;
  const isKept = (n: number): boolean => (n < 100 || n >= 180) && n % 9 !== 0;
  /** How the stream is read meanwhile. */
  const reads: { readonly limit: number; readonly inFlight: number }[] = [];
  const wanted = Array.from({ length: COUNT }, (_, n) => n).filter((n) => isKept(n) && !isDamaged(n));

  beforeAll(async () => {
    aws = await startLocalAws({
      limits: "off",
      s3: { buckets: [BUCKET] },
      opensearch: false,
      redshift: false,
    });
    aws.kinesis.createStream({ name: "clicks", shardCount: 1 });
    for (let n = 0; n < COUNT; n += 20)
      aws.kinesis.putRecords(
        "clicks",
        Array.from({ length: 20 }, (_, nth) => ({
          partitionKey: "a",
          data: `${isDamaged(n + nth) ? "damaged " : ""}${JSON.stringify({ n: n + nth })}`,
        })),
      );
    const { region, credentials } = aws.clientOptions("kinesis");
    await using connector = await startConnector({
      region,
      credentials,
      endpoints: { kinesis: aws.endpoints.kinesis, dynamodb: aws.endpoints.dynamodb },
      application: "clicks-to-s3",
      stream: "clicks",
      leaseTable: live.connect(),
      pipeline: pipeline(20),
    });
    while (connector.progress().recordsRead < COUNT) await wait(10);
    await connector.stop();
  });
  afterAll(async () => {
    await aws.close();
  });

  const s3 = () => ({ ...aws.clientOptions("s3"), bucket: BUCKET, prefix: "archive" });
  function pipeline(maxRecords: number, isMended = false) {
    return definePipeline({
      transformer: isMended ? mending : json<Click>().to((click) => click),
      filter: ({ n }) => isKept(n),
      buffer: { maxRecords },
      emitter: s3Emitter<Click>({ ...s3(), format: ndjson() }),
      deadLetters: s3DeadLetters(s3()),
    });
  }

  async function archived(): Promise<{
    readonly numbers: readonly number[];
    readonly keys: readonly string[];
  }> {
    const numbers: number[] = [];
    const keys = new Set<string>();
    for await (const { data, key } of readArchive(s3())) {
      numbers.push((JSON.parse(Buffer.from(data).toString("utf8")) as Click).n);
      keys.add(key);
    }
    return { numbers: numbers.toSorted((a, b) => a - b), keys: [...keys] };
  }

  async function lose(keys: readonly string[]): Promise<void> {
    const client = new S3Client({ ...aws.clientOptions("s3"), forcePathStyle: true });
    for (const Key of keys) await client.send(new DeleteObjectCommand({ Bucket: BUCKET, Key }));
    client.destroy();
  }

  async function repair(
    maxRecords = 20,
    signal?: AbortSignal,
    onCommit?: () => void,
    isMended = false,
  ): Promise<ArchiveRepair> {
    const { bucket, prefix, ...connection } = s3();
    return await repairArchive({
      application: "clicks-to-s3",
      pipeline: pipeline(maxRecords, isMended),
      bucket,
      prefix,
      stream: "clicks",
      checkpoints: live.connect(),
      leaseTable: own.connect(),
      s3: connection,
      kinesisApi: await watched(),
      clock: hurried,
      maxBytesPerSecond: 1_000_000_000,
      ...(signal === undefined ? {} : { signal }),
      observe: ({ type }) => {
        if (type === "checkpoint-commit") onCommit?.();
      },
    });
  }

  async function watched(): Promise<KinesisApi> {
    const { region, credentials } = aws.clientOptions("kinesis");
    const endpoint = aws.endpoints.kinesis;
    const stream = { StreamName: "clicks" };
    const api = await connectKinesis({ stream, region, credentials, endpoint, logger: silentLogger });
    let inFlight = 0;
    const getRecords: KinesisApi["getRecords"] = async (iterator, limit, signal) => {
      inFlight += 1;
      reads.push({ limit, inFlight });
      try {
        return await api.getRecords(iterator, limit, signal);
      } finally {
        inFlight -= 1;
      }
    };
    return {
      ...api,
      describeStream: (signal) => api.describeStream(signal),
      listShards: (request, signal) => api.listShards(request, signal),
      getShardIterator: (shardId, position, signal) => api.getShardIterator(shardId, position, signal),
      getRecords,
      close: () => api.close(),
    };
  }

  it("finds nothing to write where nothing is missing, whatever was filtered or set aside", async () => {
    expect((await archived()).numbers).toEqual(wanted);
    const { gaps, isComplete, recordsEmitted } = await repair();
    expect({ isComplete, recordsEmitted }).toEqual({ isComplete: true, recordsEmitted: 0 });
    expect(gaps.every(({ recordsRepaired }) => recordsRepaired === 0)).toBe(true);
    const dead = [...aws.s3.objects(BUCKET)].filter(({ key }) => key.endsWith(".dead.ndjson"));
    expect(dead).toHaveLength(1);
  });

  it("reads a shard a gap at a time, and one record where that says that there is none: the live reader shares it", () => {
    expect(reads.length).toBeGreaterThan(10);
    expect(Math.max(...reads.map(({ inFlight }) => inFlight))).toBe(1);
    expect(reads.filter(({ limit }) => limit === 1).length).toBeGreaterThan(10);
  });

  it("writes exactly what is missing into the same prefix, the last object included, and nothing twice when it is stopped in between", async () => {
    const before = await archived();
    const lost = [1, 2, 3, 6, before.keys.length - 1].flatMap((nth) => before.keys[nth] ?? []);
    await lose(lost);
    const missing = wanted.length - (await archived()).numbers.length;
    expect(missing).toBeGreaterThan(60);
    // Stopped in the middle of a gap, then again, each time with other batches.
    let repaired = 0;
    let runs = 0;
    for (let isComplete = false; !isComplete; runs += 1) {
      const stop = new AbortController();
      const done = await repair(7 + runs, stop.signal, () => {
        if (runs < 3) stop.abort();
      });
      ({ isComplete } = done);
      repaired += done.recordsEmitted;
    }
    expect(runs).toBe(4);
    const after = await archived();
    expect(after.numbers).toEqual(wanted);
    expect(after.keys.filter((key) => before.keys.includes(key))).toHaveLength(
      before.keys.length - lost.length,
    );
    expect(repaired).toBe(missing);
    const letters = [...aws.s3.objects(BUCKET)].filter(({ key }) => key.endsWith(".dead.ndjson"));
    expect(letters).toHaveLength(1);
    const { gaps, recordsEmitted } = await repair();
    expect(recordsEmitted).toBe(0);
    expect(gaps.every(({ recordsRepaired }) => recordsRepaired === 0)).toBe(true);
  });

  it("writes what it has written before and is lost once more", async () => {
    const { keys } = await archived();
    const [lost = ""] = keys.slice(1);
    await lose([lost]);
    expect((await repair()).recordsEmitted).toBeGreaterThan(0);
    const [, again = ""] = (await archived()).keys;
    expect((await archived()).numbers).toEqual(wanted);
    await lose([again]);
    expect((await repair()).recordsEmitted).toBeGreaterThan(0);
    expect((await archived()).numbers).toEqual(wanted);
  });

  it("writes around dead letters, also where they can be delivered by now, and does not take what was made of them for the rest of their range", async () => {
    const before = await archived();
    // The objects around the dead letters, which are left alone in their range.
    const lost: string[] = [];
    for await (const { data, key } of readArchive(s3()))
      if ([47, 49, 51, 53].includes((JSON.parse(Buffer.from(data).toString("utf8")) as Click).n))
        lost.push(key);
    const redrive = await startReplay({
      application: "clicks-redriven",
      pipeline: pipeline(20, true),
      source: deadLetters(s3()),
      leaseTable: memoryLeases().connect(),
    });
    expect((await redrive.done).recordsEmitted).toBe(2);
    const all = [...wanted, 50, 52].toSorted((a, b) => a - b);
    expect((await archived()).numbers).toEqual(all);
    await lose([...new Set(lost)]);
    expect((await archived()).numbers.length).toBeLessThan(before.numbers.length);
    expect((await repair(20, undefined, undefined, true)).isComplete).toBe(true);
    expect((await archived()).numbers).toEqual(all);
  });

  it("finds the live connector's checkpoints in its DynamoDB table, and keeps its own rows in another", async () => {
    const { region, credentials } = aws.clientOptions("kinesis");
    const endpoints = { kinesis: aws.endpoints.kinesis, dynamodb: aws.endpoints.dynamodb };
    const application = "clicks-in-dynamodb";
    const { bucket, ...connection } = s3();
    const place = { ...connection, bucket, prefix: "in-dynamodb" };
    const toPlace = definePipeline({
      transformer: mending,
      buffer: { maxRecords: 100 },
      emitter: s3Emitter<Click>({ ...place, format: ndjson() }),
    });
    await using connector = await startConnector({
      region,
      credentials,
      endpoints,
      application,
      stream: "clicks",
      pipeline: toPlace,
    });
    while (connector.progress().recordsRead < COUNT) await wait(10);
    await connector.stop();
    const keys = [...aws.s3.objects(BUCKET)].flatMap(({ key }) =>
      key.startsWith(place.prefix) && key.endsWith(".ndjson") ? [key] : [],
    );
    await lose([keys.at(-1) ?? ""]);
    const { prefix: _prefix, ...ofS3 } = connection;
    const repaired = await repairArchive({
      application,
      pipeline: definePipeline({
        transformer: mending,
        emitter: s3Emitter<Click>({ ...place, format: ndjson() }),
      }),
      bucket,
      prefix: place.prefix,
      stream: "clicks",
      s3: ofS3,
      kinesis: { region, credentials, endpoint: endpoints.kinesis },
      dynamodb: { region, credentials, endpoint: endpoints.dynamodb },
    });
    expect(repaired).toMatchObject({ isComplete: true });
    expect(repaired.recordsEmitted).toBeGreaterThan(0);
    const found: number[] = [];
    for await (const { data } of readArchive(place))
      found.push((JSON.parse(Buffer.from(data).toString("utf8")) as Click).n);
    expect(found.toSorted((a, b) => a - b)).toEqual(Array.from({ length: COUNT }, (_, n) => n));
  });
});
