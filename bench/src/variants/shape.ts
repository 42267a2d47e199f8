import {
  ByteBudget,
  bytes,
  definePipeline,
  type Emitter,
  type KinesisRecord,
  processShard,
  type RecordPage,
  type ShardSource,
  silentLogger,
  systemClock,
  systemRandom,
} from "@kinesis-connectors/core";
import type { Job, Variant } from "../rows/variant.js";

/** The records of a set as one page, made once: what reading a page costs has rows of its own. */
function pageOf({ set }: Job): RecordPage {
  let sum = 0;
  for (const record of set.userRecords) sum += record.length;
  const records: KinesisRecord[] = set.userRecords.map((data, index) => ({
    sequenceNumber: String(index).padStart(56, "4"),
    subSequenceNumber: 0,
    data,
    partitionKey: "a",
    explicitHashKey: undefined,
    arrivalTimeMs: 0,
    failure: undefined,
  }));
  return { records, bytes: sum, millisBehindLatest: 1 };
}

/** Three trivial stages over a page, as one would write them by hand. */
const bareLoop: Variant = {
  name: "shape-loop",
  label: "bare sync loop over a page: look, keep, collect",
  section: "limits",
  kind: "limit",
  unit: "record",
  sets: ["uniform"],
  transports: ["memory"],
  run: (job) => {
    const { records } = pageOf(job);
    let goesOn = true;
    while (goesOn) {
      const encoded: { output: Uint8Array; record: KinesisRecord; bytes: number }[] = [];
      for (const record of records) {
        const model = record.data;
        if (model.length === 0) continue;
        encoded.push({ output: model, record, bytes: model.length });
      }
      for (const entry of encoded) job.meter.touch(entry.output);
      goesOn = job.meter.page(records.length);
    }
    return Promise.resolve();
  },
};

/** Looking at each record, which both of the others do as well: taken off before they are compared. */
const lookOnly: Variant = {
  ...bareLoop,
  name: "shape-look",
  label: "records looked at, for the two rows below",
  run: (job) => {
    const { records } = pageOf(job);
    let goesOn = true;
    while (goesOn) {
      for (const record of records) job.meter.touch(record.data);
      goesOn = job.meter.page(records.length);
    }
    return Promise.resolve();
  },
};

/** The same stages through the engine: nothing is read from anywhere, and nothing is written. */
const engine: Variant = {
  ...bareLoop,
  name: "shape-engine",
  label: "engine of one shard: the same three stages",
  kind: "ours",
  run: async (job) => {
    const page = pageOf(job);
    const stop = new AbortController();
    const source: ShardSource = {
      open: () => ({ next: () => Promise.resolve(page), close: () => Promise.resolve() }),
    };
    const emitter: Emitter<Uint8Array> = {
      capabilities: { duplicates: "possible", ordering: "shard" },
      emit: (batch) => {
        for (const entry of batch.entries) job.meter.touch(entry.output);
        if (!job.meter.page(batch.recordCount)) stop.abort();
        return Promise.resolve({ failed: [] });
      },
    };
    await processShard(
      definePipeline({
        transformer: bytes(),
        filter: (model) => model.length > 0,
        emitter,
        logger: silentLogger,
      }),
      {
        application: "bench",
        stream: "bench",
        shardId: "shardId-000000000000",
        source,
        checkpointer: {
          load: () => Promise.resolve({ checkpoint: undefined, pending: undefined }),
          prepare: () => Promise.resolve(),
          commit: () => Promise.resolve(),
        },
        initialPosition: { type: "trim-horizon" },
        clock: systemClock,
        random: systemRandom,
        budget: new ByteBudget(256 * 1024 * 1024),
        observe: () => undefined,
        stopSignal: stop.signal,
        abortSignal: new AbortController().signal,
      },
    );
  },
};

export const variants: readonly Variant[] = [lookOnly, bareLoop, engine];
