import type { LocalClientOptions } from "@kinesis-connectors/local";
import type { LeaseStore } from "./lease-store.js";

/** What a worker process is started with. */
export interface WorkerSetup {
  readonly stream: string;
  readonly bucket: string;
  readonly application: string;
  readonly failoverTimeMs: number;
  readonly retrieval: "polling" | "fan-out";
  /** Worker threads in each process; 0 for none. */
  readonly threads: number;
  /** Where the leases are; undefined for DynamoDB. */
  readonly leaseStore: LeaseStore | undefined;
  readonly leasesMode: "auto" | "2x" | "3x";
  readonly endpoints: { readonly kinesis: string; readonly dynamodb: string };
  readonly s3: LocalClientOptions;
}

/** What a worker process tells about its shards. */
export type WorkerMessage =
  | { readonly type: "shard-start" | "shard-stop" | "shard-end"; readonly shardId: string }
  | { readonly type: "checkpoint-commit"; readonly shardId: string; readonly sequenceNumber: string };

/** What the producer puts. */
export type ChaosRecord = { readonly id: number; readonly words: string };

/** What the workers write: the record with its place in the stream, so that the check needs no guessing. */
export type LandedRecord = ChaosRecord & {
  readonly sequenceNumber: string;
  readonly subSequenceNumber: number;
};
