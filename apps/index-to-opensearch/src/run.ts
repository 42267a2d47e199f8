import {
  bulkRequestsHindered,
  clicks,
  deliver,
  hinderOpenSearch,
  type RecordOfStream,
  type Running,
} from "@kinesis-connectors/app-sample";
import { startConnector } from "@kinesis-connectors/consumer";
import { startLocalAws } from "@kinesis-connectors/local";
import { checkIndex, type IndexCheck } from "./check.js";
import { indexPipeline } from "./pipeline.js";

const STREAM = "clicks";

/** Options of a run. */
export interface RunOptions {
  readonly records: number;
  readonly shards: number;
  readonly seed: number;
  /** Refuses 2 % of the documents for a while, and loses 5 % of the replies. */
  readonly faults: boolean;
}

/** The result of a run. */
export interface RunResult extends IndexCheck {
  readonly records: number;
  readonly indices: readonly string[];
  /** Bulk requests that met a fault. */
  readonly faults: number;
  readonly seconds: number;
}

/** The whole sample: local AWS, a stream, a producer, a connector, and the comparison at the end. */
export async function run(
  { records, shards, seed, faults }: RunOptions,
  running?: Running,
): Promise<RunResult> {
  await using aws = await startLocalAws({ limits: "off", seed, s3: false });
  if (faults) hinderOpenSearch(aws);
  const ids: string[] = [];
  const { seconds } = await deliver(
    aws,
    {
      stream: STREAM,
      shards,
      records: recordsOf(clicks(records, seed)),
      count: records,
      onPut: (written) => {
        for (const { shardId, sequenceNumber } of written) ids.push(`${shardId}-${sequenceNumber}.0`);
      },
      start: (local) =>
        startConnector({
          ...local,
          application: "index-to-opensearch",
          pipeline: indexPipeline(aws.endpoints.opensearch, "clicks-{yyyy.MM.dd}"),
        }),
    },
    running,
  );
  return {
    records: ids.length,
    ...(await checkIndex(aws.endpoints.opensearch, "clicks-*", ids)),
    indices: aws.opensearch.indices(),
    faults: bulkRequestsHindered(aws),
    seconds,
  };
}

function* recordsOf(lines: Iterable<Buffer>): Generator<RecordOfStream, void> {
  let number = 0;
  for (const data of lines) yield { partitionKey: String((number += 1)), data };
}
