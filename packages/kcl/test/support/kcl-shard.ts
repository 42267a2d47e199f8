import { comparePositions, type KinesisRecord } from "@kinesis-connectors/core";
import type { LeaseCheckpoint } from "@kinesis-connectors/leases";
import type { ChildMessage, ScriptedDaemon } from "./scripted-daemon.js";

/** A record as the daemon hands it over. */
function recordMessage(record: KinesisRecord): object {
  return {
    action: "record",
    data: Buffer.from(record.data).toString("base64"),
    partitionKey: record.partitionKey,
    sequenceNumber: record.sequenceNumber,
    subSequenceNumber: record.subSequenceNumber,
    approximateArrivalTimestamp: record.arrivalTimeMs,
  };
}

export function pageMessage(records: readonly KinesisRecord[], millisBehindLatest = 0): object {
  return { action: "processRecords", records: records.map(recordMessage), millisBehindLatest };
}

export function initializeMessage(shardId: string, checkpoint: LeaseCheckpoint): object {
  return typeof checkpoint === "string"
    ? { action: "initialize", shardId, sequenceNumber: checkpoint, subSequenceNumber: 0 }
    : { action: "initialize", shardId, ...checkpoint };
}

/**
 * A shard as a worker of the KCL has it: its row holds a checkpoint, which outlives the daemons and children that work on it. What a checkpoint may be, and what
 * is handed over after a start, is as in `ShardRecordProcessorCheckpointer` and `ProcessTask`.
 */
export class KclShard {
  readonly records: readonly KinesisRecord[];
  checkpoint: LeaseCheckpoint = "TRIM_HORIZON";
  /** Told of each checkpoint before it is stored. */
  onCheckpoint: (checkpoint: LeaseCheckpoint) => void = () => undefined;

  constructor(records: readonly KinesisRecord[]) {
    this.records = records;
  }

  /** Hands the shard to a child, from the checkpoint to the end. Resolves with whether the child saw it through; false when the pipe was closed first. */
  async handTo(daemon: ScriptedDaemon, pageSizeOf: () => number): Promise<boolean> {
    daemon.say(initializeMessage("s0", this.checkpoint));
    if (!(await this.#answered(daemon, "initialize", undefined))) return false;
    const { checkpoint } = this;
    let next =
      typeof checkpoint === "string"
        ? 0
        : this.records.findIndex((record) => comparePositions(record, checkpoint) > 0);
    if (next === -1) next = this.records.length;
    while (next < this.records.length) {
      const size = pageSizeOf();
      const page = this.records.slice(next, next + size);
      next += page.length;
      daemon.say(pageMessage(page, next < this.records.length ? 1_000 : 0));
      if (!(await this.#answered(daemon, "processRecords", next - 1))) return false;
    }
    daemon.say({ action: "shardEnded" });
    return await this.#answered(daemon, "shardEnded", "SHARD_END");
  }

  async #answered(
    daemon: ScriptedDaemon,
    action: string,
    handedOver: number | "SHARD_END" | undefined,
  ): Promise<boolean> {
    for (let message = await daemon.hear(); message !== undefined; message = await daemon.hear()) {
      if (message.action === "status") {
        if (message.responseFor !== action) throw new Error(`answered ${message.responseFor}, not ${action}`);
        return action !== "shardEnded" || this.checkpoint === "SHARD_END";
      }
      const error = this.#store(message, handedOver);
      const { sequenceNumber = null, subSequenceNumber = null } = message;
      daemon.say({ action: "checkpoint", sequenceNumber, subSequenceNumber, error });
    }
    return false;
  }

  #store(
    { sequenceNumber, subSequenceNumber }: ChildMessage,
    handedOver: number | "SHARD_END" | undefined,
  ): string | null {
    if (handedOver === undefined) return "InvalidStateException";
    const largest = handedOver === "SHARD_END" ? this.records.at(-1) : this.records[handedOver];
    if (sequenceNumber === undefined || sequenceNumber === null) {
      if (handedOver !== "SHARD_END") throw new Error("a page is checkpointed without a position");
      this.onCheckpoint("SHARD_END");
      this.checkpoint = "SHARD_END";
      return null;
    }
    const wanted = { sequenceNumber, subSequenceNumber: subSequenceNumber ?? 0 };
    const isBack = typeof this.checkpoint === "object" && comparePositions(wanted, this.checkpoint) < 0;
    if (isBack || largest === undefined || comparePositions(wanted, largest) > 0)
      return "IllegalArgumentException";
    this.onCheckpoint(wanted);
    this.checkpoint = wanted;
    return null;
  }
}
