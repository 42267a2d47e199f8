import { comparePositions, type Position } from "@kinesis-connectors/core";
import { bytesOf } from "../../payload.js";
import { BEGINNING_MS } from "../../world/sim-process.js";
import { type Entry, nameOf } from "../../checks/ledger.js";
import type { EntryPage, ProcessedShard, RecordProcessor } from "../../kcl/record-processor.js";
import type { Pipe } from "./pipe.js";

/** What a processor needs of the daemon that it belongs to. */
export interface DaemonOfChild {
  /** Starts a child for a shard. */
  readonly startChild: (shardId: string) => Pipe;
  /** A child did not answer as it must: the daemon ends with 1, and all children see the end of their input. Never resolves. */
  readonly exit: (why: string) => Promise<never>;
  /** Told of each checkpoint that a child asks for, before it is stored. */
  readonly asked: (shardId: string, at: Position | "SHARD_END") => void;
  readonly violation: (what: string) => void;
  /** Breaks the order on purpose: whatever was handed over is checkpointed at once. */
  readonly checkpointsFirst: boolean;
}

interface ChildMessage {
  readonly action: string;
  readonly responseFor?: string;
  readonly sequenceNumber?: string | null;
  readonly subSequenceNumber?: number | null;
}

/** Stores a checkpoint, null being the end of the shard; resolves with the simple name of a Java exception, or null. */
type Store = (at: Position | null) => Promise<string | null>;

/** `MultiLangShardRecordProcessor`: hands a shard to a child process by lines of JSON, and stores the checkpoints that it asks for. */
export class ChildProcessor implements RecordProcessor {
  readonly #shard: ProcessedShard;
  readonly #daemon: DaemonOfChild;
  readonly #shardId: string;
  #pipe: Pipe | undefined;
  #delivered: number;
  #stored: number;
  #isEndStored = false;

  constructor(shard: ProcessedShard, begun: number, daemon: DaemonOfChild) {
    this.#shard = shard;
    this.#daemon = daemon;
    this.#shardId = shard.held.row.leaseKey;
    this.#delivered = this.#stored = begun;
  }

  get delivered(): number {
    return this.#delivered;
  }

  readonly initialize = async (): Promise<void> => {
    const { checkpoint } = this.#shard.held.row;
    this.#pipe = this.#daemon.startChild(this.#shardId);
    const at =
      typeof checkpoint === "string" ? { sequenceNumber: checkpoint, subSequenceNumber: 0 } : checkpoint;
    await this.#ask({ action: "initialize", shardId: this.#shardId, ...at }, () =>
      Promise.resolve("InvalidStateException"),
    );
  };

  readonly processRecords = async ({ entries, last, millisBehindLatest }: EntryPage): Promise<void> => {
    // What an aggregate holds that belongs to another shard, the KCL leaves out (`AggregatorUtil`).
    const records = entries.flatMap((entry) => (entry.payload === undefined ? [] : [messageOf(entry)]));
    const largest = Math.max(this.#delivered, last);
    if (this.#daemon.checkpointsFirst) await this.#store(largest, undefined);
    await this.#ask({ action: "processRecords", records, millisBehindLatest }, (at) =>
      this.#checkpoint(at, largest),
    );
    this.#delivered = largest;
  };

  readonly shardEnded = async (storeEnd: () => Promise<boolean>): Promise<boolean> => {
    // A processor that is shut down does nothing any more.
    if (this.#pipe === undefined) return this.#isEndStored;
    await this.#ask({ action: "shardEnded" }, async (at) => {
      if (at !== null) return await this.#checkpoint(at, this.#delivered);
      this.#daemon.asked(this.#shardId, "SHARD_END");
      return await answerOf(async () => {
        this.#isEndStored = await storeEnd();
        return this.#isEndStored;
      });
    });
    this.#shutDown();
    return this.#isEndStored;
  };

  readonly shutdownRequested = async (): Promise<void> => {
    await this.#ask({ action: "shutdownRequested" }, (at) => this.#checkpoint(at, this.#delivered));
  };

  readonly leaseLost = async (): Promise<void> => {
    await this.#ask({ action: "leaseLost" }, () => Promise.resolve("InvalidStateException"));
    this.#shutDown();
  };

  #shutDown(): void {
    this.#pipe?.end();
    this.#pipe = undefined;
  }

  /** `MultiLangProtocol.waitForStatusMessage`. */
  async #ask(
    message: { readonly action: string; readonly [member: string]: unknown },
    store: Store,
  ): Promise<void> {
    const pipe = this.#pipe;
    if (pipe === undefined) return;
    pipe.say(JSON.stringify(message));
    for (;;) {
      const line = await pipe.hear();
      if (line === undefined) return await this.#daemon.exit(`the child of ${this.#shardId} is gone`);
      const said = JSON.parse(line) as ChildMessage;
      if (said.action === "status") {
        if (said.responseFor === message.action) return;
        this.#daemon.violation(
          `${this.#shardId}: ${message.action} is answered as ${said.responseFor ?? "nothing"}`,
        );
        return await this.#daemon.exit("a wrong status");
      }
      const { sequenceNumber = null, subSequenceNumber = null } = said;
      const at =
        sequenceNumber === null ? null : { sequenceNumber, subSequenceNumber: subSequenceNumber ?? 0 };
      const error = await store(at);
      pipe.say(JSON.stringify({ action: "checkpoint", sequenceNumber, subSequenceNumber, error }));
    }
  }

  /** `ShardRecordProcessorCheckpointer.checkpoint`: from the last one up to what was handed over. */
  async #checkpoint(at: Position | null, largest: number): Promise<string | null> {
    const index =
      at === null ? largest : this.#shard.entries.findIndex((entry) => comparePositions(entry, at) === 0);
    if (index < this.#stored || index > largest || index === -1) {
      this.#daemon.violation(
        `${this.#shardId}: a checkpoint at ${at === null ? "the last record" : nameOf(at)} is out of the range that is allowed`,
      );
      return "IllegalArgumentException";
    }
    return await this.#store(index, at ?? undefined);
  }

  async #store(index: number, at: Position | undefined): Promise<string | null> {
    const entry = this.#shard.entries[index];
    if (entry === undefined || index === this.#stored) return null;
    if (at !== undefined) this.#daemon.asked(this.#shardId, at);
    return await answerOf(async () => {
      const isStored = await this.#shard.checkpoint(entry);
      if (isStored) this.#stored = index;
      return isStored;
    });
  }
}

/** The exception that a checkpoint ends with, by its simple name. */
async function answerOf(store: () => Promise<boolean>): Promise<string | null> {
  try {
    return (await store()) ? null : "ShutdownException";
  } catch {
    return "KinesisClientLibDependencyException";
  }
}

function messageOf(entry: Entry): object {
  const { sequenceNumber, subSequenceNumber, putMs, payload } = entry;
  return {
    action: "record",
    data: payload === undefined ? null : Buffer.from(bytesOf(payload)).toString("base64"),
    partitionKey: "key",
    sequenceNumber,
    subSequenceNumber,
    approximateArrivalTimestamp: BEGINNING_MS + putMs,
  };
}
