import {
  ByteBudget,
  bytes,
  definePipeline,
  type Emitter,
  type KinesisRecord,
  MiB,
  processShard,
  type RecordPage,
  systemClock,
  systemRandom,
} from "@kinesis-connectors/core";
import { documents } from "./data/documents.js";

/** What is to be shown. */
export interface SizesOptions<Plan> {
  readonly emitter: Emitter<Uint8Array, Plan>;
  /** Batches to wait for. */
  readonly batches: number;
  readonly seed: number;
  /** Told of each batch that is written. */
  readonly report: (step: string) => void;
}

/** What the process took. */
export interface SizesResult {
  readonly records: number;
  /** Most bytes that were charged to the worker's limit at a time. */
  readonly peakHeldBytes: number;
  readonly peakRssBytes: number;
  readonly cpuSeconds: number;
}

/** As large as a page of GetRecords may be in records. */
const RECORDS_PER_PAGE = 10_000;
const READ_AHEAD_BYTES = 1024 * MiB;

/** Runs the engine over an endless shard of fresh documents of 200 bytes until so many batches are written. */
export async function fillObjects<Plan>(options: SizesOptions<Plan>): Promise<SizesResult> {
  const { emitter, batches, seed, report } = options;
  const stop = new AbortController();
  const budget = new ByteBudget(READ_AHEAD_BYTES);
  const pages = pagesOf(seed);
  let [written, records, peakHeldBytes] = [0, 0, 0];
  await processShard(
    definePipeline({ transformer: bytes(), emitter, buffer: { maxAgeMs: 24 * 3_600_000 } }),
    {
      application: "sizes",
      stream: "sizes",
      shardId: "shardId-000000000000",
      source: {
        open: () => ({
          next: () => new Promise((resolve) => setImmediate(() => resolve(pages.next().value))),
          close: () => Promise.resolve(),
        }),
      },
      checkpointer: {
        load: () => Promise.resolve({ checkpoint: undefined, pending: undefined }),
        prepare: () => Promise.resolve(),
        commit: () => Promise.resolve(),
      },
      initialPosition: { type: "trim-horizon" },
      clock: systemClock,
      random: systemRandom,
      budget,
      observe: (event) => {
        peakHeldBytes = Math.max(peakHeldBytes, budget.usedBytes);
        if (event.type !== "batch-emit") return;
        written += 1;
        records += event.records;
        report(`batch ${written} of ${batches}: ${event.records} records`);
        if (written === batches) stop.abort();
      },
      stopSignal: stop.signal,
      abortSignal: new AbortController().signal,
    },
  );
  const { user, system } = process.cpuUsage();
  const peakRssBytes = process.resourceUsage().maxRSS * 1024;
  return { records, peakHeldBytes, peakRssBytes, cpuSeconds: (user + system) / 1e6 };
}

function* pagesOf(seed: number): Generator<RecordPage, never> {
  const source = documents(seed);
  for (let nth = 0; ;) {
    const records: KinesisRecord[] = [];
    let sum = 0;
    while (records.length < RECORDS_PER_PAGE) {
      const data = source.next().value;
      sum += data.length;
      records.push({
        sequenceNumber: `4${String(nth).padStart(55, "0")}`,
        subSequenceNumber: 0,
        data,
        partitionKey: "a",
        arrivalTimeMs: 1_700_000_000_000,
      });
      nth += 1;
    }
    yield { records, bytes: sum, millisBehindLatest: 60_000 };
  }
}

/** The sizes of the objects in a bucket of the local S3, in their order, without those of the last batch: it is what was left when the shard was stopped. */
export async function sizesIn(bucketUrl: string): Promise<readonly number[]> {
  const answer = await fetch(`${bucketUrl}?list-type=2`);
  const listed = [...(await answer.text()).matchAll(/<Key>([^<]+)<\/Key>.*?<Size>(\d+)<\/Size>/gs)];
  const objects = listed.map(([, key = "", size]) => ({
    range: /(\d+)-\d+\.\w/.exec(key)?.[1],
    bytes: Number(size),
  }));
  // A long plan is an object too, and is named otherwise.
  const ranges = [...new Set(objects.flatMap(({ range }) => range ?? []))].sort();
  const finished = ranges.slice(0, -1);
  return finished.flatMap((range) =>
    objects.flatMap((object) => (object.range === range ? [object.bytes] : [])),
  );
}
