import { setTimeout as wait } from "node:timers/promises";
import { startConnector } from "@kinesis-connectors/consumer";
import { definePipeline, type Emitter, text } from "@kinesis-connectors/core";
import type { LocalAws } from "@kinesis-connectors/local";

/** Of the connectors of these tests. */
export const FAILOVER_TIME_MS = 3_000;

/** Keeps what it is given. */
function keeping(kept: string[]): Emitter<string> {
  return {
    capabilities: { duplicates: "possible", ordering: "shard" },
    emit: ({ entries }) => {
      kept.push(...entries.map(({ output }) => output));
      return Promise.resolve({ failed: [] });
    },
  };
}

/** A connector on local servers. */
export function connectorOn(aws: LocalAws, application: string, stream: string, kept: string[] = []) {
  const { region, credentials } = aws.clientOptions("kinesis");
  const { kinesis, dynamodb } = aws.endpoints;
  return startConnector({
    application,
    stream,
    region,
    credentials,
    endpoints: { kinesis, dynamodb },
    // What has been delivered until when rides on renewals, a third of this apart.
    leases: { failoverTimeMs: FAILOVER_TIME_MS },
    pipeline: definePipeline({
      transformer: text(),
      emitter: keeping(kept),
      buffer: { maxRecords: 10, maxAgeMs: 100 },
    }),
  });
}

/** Puts so many records, each with a key of its own. */
export function put(aws: LocalAws, stream: string, count: number): void {
  aws.kinesis.putRecords(
    stream,
    Array.from({ length: count }, (_, index) => ({
      partitionKey: `key-${index}`,
      data: Buffer.from(`{"id":${index}}`),
    })),
  );
}

/** Waits until something holds. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await wait(20);
}

/** Operations of DynamoDB and Kinesis since an entry of the journal. */
export function operationsSince(aws: LocalAws, after: number): readonly string[] {
  return aws.journal.entries({ after }).map(({ operation }) => operation);
}

/** Operations that change something. */
export const WRITES: readonly string[] = [
  "PutItem",
  "UpdateItem",
  "DeleteItem",
  "BatchWriteItem",
  "TransactWriteItems",
  "CreateTable",
  "UpdateTable",
  "DeleteTable",
  "PutRecord",
  "PutRecords",
];
