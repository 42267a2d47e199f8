import { comparePositions, type Position } from "@kinesis-connectors/core";
import type { LeaseCheckpoint } from "@kinesis-connectors/leases";
import type { ChildSettings } from "./options.js";
import type { Daemon } from "./protocol/daemon.js";
import type { ShardRun } from "./shard-run.js";

/** A refusal is told the first time in a row, and then each so many times. */
const TOLD_EVERY = 20;

/**
 * The daemon's own checkpoint, which follows the row of the journal. It is allowed from the last one up to what the daemon has handed over
 * (`ShardRecordProcessorCheckpointer.checkpoint`), and only saves the daemon from reading again what the row has come past.
 */
export class CheckpointTrail {
  readonly #daemon: Daemon;
  readonly #settings: Pick<ChildSettings, "logger">;
  /** The daemon's checkpoint, as far as it is known. */
  #stored: Position | undefined;
  #delivered: Position | undefined;
  #refusals = 0;

  constructor(daemon: Daemon, settings: Pick<ChildSettings, "logger">) {
    this.#daemon = daemon;
    this.#settings = settings;
  }

  /** The shard begins, with this checkpoint of the daemon's. */
  begin(checkpoint: LeaseCheckpoint): void {
    this.#stored = typeof checkpoint === "object" ? checkpoint : undefined;
  }

  /** The last record of a page. */
  delivered(last: Position | undefined): void {
    if (last === undefined) return;
    const { sequenceNumber, subSequenceNumber } = last;
    this.#delivered = { sequenceNumber, subSequenceNumber };
  }

  /** Has the daemon store how far the row has come, where that is further than it knows. A refusal is told, and made good with the next page. */
  async follow(run: Pick<ShardRun, "shardId" | "committedOf">): Promise<void> {
    const at = run.committedOf(this.#delivered);
    if (at === undefined || (this.#stored !== undefined && comparePositions(at, this.#stored) <= 0)) return;
    const outcome = await this.#daemon.checkpoint(at);
    if (outcome.type === "stored") {
      this.#stored = at;
      this.#refusals = 0;
    } else if (outcome.type === "refused") this.#tell(run.shardId, outcome.error);
  }

  #tell(shardId: string, error: string): void {
    this.#refusals += 1;
    if (this.#refusals % TOLD_EVERY !== 1) return;
    this.#settings.logger.warn(
      { shardId, error, refusals: this.#refusals },
      "the daemon did not store a checkpoint; the journal has it, and the daemon is asked again with its next page",
    );
  }
}
