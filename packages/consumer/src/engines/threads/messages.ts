import type {
  Position,
  PreparedBatch,
  ShardEvent,
  ShardOutcome,
  ShardProgress,
  StartPosition,
} from "@kinesis-connectors/core";
import type { ProxyOption } from "@kinesis-connectors/aws";
import type { HashKeyRange } from "@kinesis-connectors/wire";
import type { WireFormat } from "@kinesis-connectors/wire/protocol";

import type { FanOut } from "../../reading/fan-out-consumer.js";
import type { Polling } from "../../reading/polling-reader.js";
import type { ReadEvent } from "../../reading/read-events.js";
import type { StreamName } from "../../kinesis/sdk-kinesis.js";
import type { StreamFacts } from "../../reading/shard-sources.js";
import type { AwsIdentity } from "../../kinesis/kinesis-access.js";
import type { CarriedError } from "./carried-error.js";
import type { LogLine } from "./log-lines.js";

/** What a thread is started with. Everything here, and everything below, survives the structured clone: no functions. */
export interface ThreadSetup {
  /** The `file:` URL of the pipeline's module. */
  readonly module: string;
  readonly application: string;
  readonly stream: string;
  readonly streamTarget: StreamName;
  readonly retrieval: Polling | FanOut;
  readonly region: string | undefined;
  readonly endpoint: string | undefined;
  readonly allowInsecure: boolean;
  readonly proxy: ProxyOption | undefined;
  readonly wireFormat: WireFormat | undefined;
  /** Whether credentials are asked for; otherwise the SDK looks for them in the thread. */
  readonly asksForCredentials: boolean;
  /** Whether lines go to a logger of the main thread; otherwise to the pipeline's own. */
  readonly logsToMain: boolean;
  /** The thread's share. */
  readonly maxReadAheadBytes: number;
  readonly onRetentionGap: "stop" | "continue";
  readonly untilMs: number | undefined;
  readonly facts: StreamFacts;
}

/** A shard to be run, as values. `run` numbers what is under way in a thread. */
export interface RunMessage {
  readonly type: "run";
  readonly run: number;
  readonly shardId: string;
  readonly initialPosition: StartPosition;
  readonly range: HashKeyRange;
  readonly readThroughMs: number | undefined;
}

/** Messages of the main thread to a thread. */
export type ToThread =
  | RunMessage
  /** Graceful: flush, emit, commit. */
  | { readonly type: "stop"; readonly run: number }
  /** At once; the reason becomes the error of the run. */
  | { readonly type: "abort"; readonly run: number; readonly reason: CarriedError }
  /** The start has been given up. */
  | { readonly type: "abort-open"; readonly reason: CarriedError }
  | { readonly type: "answer"; readonly question: number; readonly value: unknown }
  | { readonly type: "refusal"; readonly question: number; readonly error: CarriedError }
  /** A line of the connector for the pipeline's own logger. */
  | { readonly type: "log"; readonly line: LogLine }
  | { readonly type: "ping" }
  /** No run is under way: close the destinations, and end. */
  | { readonly type: "close" };

/** Messages of a thread to the main thread. */
export type FromThread =
  /** The pipeline is there and its destinations are ready. */
  | { readonly type: "opened" }
  | { readonly type: "open-failed"; readonly error: CarriedError }
  | {
      readonly type: "event";
      readonly run: number;
      readonly event: CarriedEvent;
      /** What the thread holds between reading and committing, now; in other messages too. */
      readonly readAheadBytes: number;
    }
  | {
      readonly type: "read-through";
      readonly run: number;
      readonly throughMs: number;
      readonly scannedEnd: Position | undefined;
    }
  | {
      readonly type: "outcome";
      readonly run: number;
      readonly outcome: ShardOutcome;
      readonly readAheadBytes: number;
    }
  | {
      readonly type: "failure";
      readonly run: number;
      readonly error: CarriedError;
      readonly readAheadBytes: number;
    }
  | { readonly type: "question"; readonly question: number; readonly asked: Question }
  /** The thread's client speaks JSON from now on. */
  | { readonly type: "wire-fallback" }
  | { readonly type: "log"; readonly line: LogLine }
  | { readonly type: "pong"; readonly readAheadBytes: number }
  /** Everything is closed, and the thread ends. */
  | { readonly type: "closed"; readonly error?: CarriedError };

/** What only the main thread can do: it holds the leases and the caller's credentials. */
export type Question =
  | { readonly ask: "load"; readonly run: number }
  | { readonly ask: "prepare"; readonly run: number; readonly batch: PreparedBatch }
  | { readonly ask: "commit"; readonly run: number; readonly checkpoint: Position }
  /** Whether the lease of a run is still held. */
  | { readonly ask: "held"; readonly run: number }
  | { readonly ask: "credentials"; readonly isRenewal: boolean };

/** Answers, by the question. */
export interface Answers {
  readonly load: ShardProgress;
  readonly prepare: undefined;
  readonly commit: undefined;
  readonly held: undefined;
  readonly credentials: AwsIdentity;
}

/** Events of the engine and the reader of a shard. */
export type RunEvent = ShardEvent | ReadEvent;

/** An event on its way; its error, where it has one, travels beside it. */
export interface CarriedEvent {
  readonly event: RunEvent;
  readonly error?: CarriedError;
}
