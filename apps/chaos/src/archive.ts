import { definePipeline, json } from "@kinesis-connectors/core";
import { ndjson, s3Emitter } from "@kinesis-connectors/s3";
import type { ChaosRecord, LandedRecord, WorkerSetup } from "./protocol.js";

/** Where the module finds its setup in its own URL. */
const PARAMETER = "setup";

/** The URL of this module for worker threads, which make the pipeline themselves. */
export function archiveModule(setup: WorkerSetup): URL {
  const url = new URL(import.meta.url);
  url.searchParams.set(PARAMETER, JSON.stringify(setup));
  return url;
}

/** Small batches to S3, so that many steps of the protocol are under way whenever something goes wrong. */
export function archivePipeline({ bucket, s3 }: WorkerSetup) {
  return definePipeline({
    transformer: json<ChaosRecord>().to((model, record): LandedRecord => {
      const { sequenceNumber, subSequenceNumber } = record;
      return { ...model, sequenceNumber, subSequenceNumber };
    }),
    buffer: { maxRecords: 40, maxBytes: 64 * 1024, maxAgeMs: 700 },
    emitter: s3Emitter({ ...s3, bucket, format: ndjson(), requestTimeoutMs: 5_000 }),
    retry: { baseDelayMs: 50, maxDelayMs: 1_000 },
  });
}

/** What a worker thread calls. */
export default function ofThread() {
  const setup = new URL(import.meta.url).searchParams.get(PARAMETER);
  return archivePipeline(JSON.parse(setup ?? "") as WorkerSetup);
}
