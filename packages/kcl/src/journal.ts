import { hostname } from "node:os";
import {
  asError,
  backoffMs,
  errorFields,
  hasCode,
  KinesisConnectorError,
  type Logger,
  sleep,
} from "@kinesis-connectors/core";
import {
  compareCheckpoints,
  type HeldShard,
  type Lease,
  type LeaseCheckpoint,
  type LeaseTable,
  takeShard,
} from "@kinesis-connectors/leases";
import { ALL_HASH_KEYS, BACK_OFF, MAX_TAKES } from "./limits.js";
import type { ChildSettings } from "./options.js";

/** A shard, and where its daemon begins with it. */
export interface Assigned {
  readonly shardId: string;
  /** The checkpoint of the daemon's own row. */
  readonly checkpoint: LeaseCheckpoint;
}

/**
 * The rows of this application's own: what was prepared and what is committed stands here, and the daemon's rows trail behind. The protocol of the daemon
 * knows no prepare, and its checkpoint takes what was prepared out of its row.
 */
export class Journal {
  readonly #settings: ChildSettings;
  readonly #ownerId: string;
  #table: LeaseTable | undefined;
  /** Whether the table says itself that it was an outage; a table of one's own rejects with what is no error of ours then. */
  #isOutage: (error: unknown) => boolean = () => false;

  constructor(settings: ChildSettings) {
    this.#settings = settings;
    this.#ownerId = `${hostname()}:${settings.random.uuid()}`;
  }

  /**
   * Makes the table usable, and takes the shard's row: whoever held it is fenced from now on. An outage is waited out, and told.
   * @throws KinesisConnectorError `KC_REPLAY_DIFFERS` when the daemon's checkpoint is past the row's; `KC_OPTION_INVALID` for a daemon that begins at
   * LATEST; and what `takeShard` throws
   */
  async take(assigned: Assigned, signal: AbortSignal): Promise<HeldShard> {
    const { shardId, checkpoint } = assigned;
    requireLasting(shardId, checkpoint, this.#settings.clock.now());
    const { application, clock, random, logger } = this.#settings;
    const table = await this.#patiently("open", signal, () => this.#open(signal));
    await this.#patiently("create", signal, () => this.#adopt(table, assigned));
    const held = await this.#patiently("take", signal, () =>
      takeShard({
        table,
        application,
        shardId,
        ownerId: this.#ownerId,
        // Where the shard begins the daemon decides; the row is to say that nothing of it is committed.
        initialPosition: { type: "trim-horizon" },
        signal,
        logger,
        clock,
        random,
      }),
    );
    this.#requireBehind(assigned, held.lease);
    return held;
  }

  /** Whether somebody has brought the shard to its end. */
  async isEnded(shardId: string, signal: AbortSignal): Promise<boolean> {
    const row = await this.#patiently("get", signal, async () => await this.#table?.get(shardId));
    return row?.checkpoint === "SHARD_END";
  }

  close(): void {
    if (typeof this.#settings.leaseTable === "string") this.#table?.close?.();
  }

  async #open(signal: AbortSignal): Promise<LeaseTable> {
    const { leaseTable, application, logger, clock, random } = this.#settings;
    if (typeof leaseTable === "string") {
      // Its client is loaded by those alone who use it.
      const { isTableOutage, ownLeaseTable } = await import("@kinesis-connectors/consumer/dynamodb-leases");
      this.#isOutage = isTableOutage;
      const { table, checkEndpoint } = ownLeaseTable({
        tableName: leaseTable,
        application,
        logger,
        clock,
        random,
      });
      this.#table?.close?.();
      this.#table = table;
      await checkEndpoint();
      await table.open(signal);
      return table;
    }
    this.#table = leaseTable;
    await leaseTable.open(signal);
    return leaseTable;
  }

  /** A shard that the daemon has come forward with, and that has no row here: it was read without this package until now, and goes on from there. */
  async #adopt(table: LeaseTable, { shardId, checkpoint }: Assigned): Promise<void> {
    if (typeof checkpoint === "string" || (await table.get(shardId)) !== undefined) return;
    await table.create({ leaseKey: shardId, checkpoint, parentShardIds: [], hashKeyRange: ALL_HASH_KEYS });
    this.#settings.logger.warn(
      { shardId, ...checkpoint },
      "the journal has no row of a shard that the daemon has read a part of; it begins at the daemon's checkpoint. That is right for an application that " +
        "ran without this package until now, and wrong for a journal that was lost",
    );
  }

  #requireBehind({ shardId, checkpoint }: Assigned, { checkpoint: ours }: Lease): void {
    const hasBegun = typeof checkpoint === "object" || checkpoint === "SHARD_END";
    if (!hasBegun || compareCheckpoints(checkpoint, ours) <= 0) return;
    const { application, leaseTable } = this.#settings;
    const journal = typeof leaseTable === "string" ? `table ${leaseTable}` : "leaseTable";
    throw new KinesisConnectorError(
      "KC_REPLAY_DIFFERS",
      `${shardId}: the daemon's checkpoint is ${shown(checkpoint)}, and the journal (${journal}) has come to ${shown(ours)} only: something else has ` +
        `checkpointed for application "${application}", and the records between the two would never be delivered. Stop the daemon, and either set ` +
        `"checkpoint" of ${shardId} in the daemon's table ${application} back to ${shown(ours)}, or, when those records are not wanted, reset the shard ` +
        `in the journal to ${shown(checkpoint)} (kinesis-connectors reset, or planReset of @kinesis-connectors/leases)`,
    );
  }

  /** Tries until it works: what is no error of ours is an outage. */
  async #patiently<Value>(what: string, signal: AbortSignal, step: () => Promise<Value>): Promise<Value> {
    const { clock, random, logger } = this.#settings;
    for (let attempt = 1; ; attempt += 1) {
      signal.throwIfAborted();
      try {
        return await step();
      } catch (thrown) {
        signal.throwIfAborted();
        const isOvertaken = hasCode(thrown, "KC_LEASE_LOST") && attempt < MAX_TAKES;
        if (KinesisConnectorError.isInstance(thrown) && !isOvertaken && !this.#isOutage(thrown)) throw thrown;
        tellOutage(logger, what, attempt, asError(thrown));
        await sleep(clock, backoffMs(attempt, BACK_OFF, random), signal);
      }
    }
  }
}

function tellOutage(logger: Logger, what: string, attempt: number, error: Error): void {
  logger.warn(
    { step: what, attempt, ...errorFields(error) },
    "the journal does not do what it is asked; it is asked again, and the daemon waits meanwhile",
  );
}

/** A daemon that begins at LATEST begins anew after a crash before its first checkpoint, and passes over what came in between. */
function requireLasting(shardId: string, checkpoint: LeaseCheckpoint, nowMs: number): void {
  if (checkpoint !== "LATEST") return;
  throw new KinesisConnectorError(
    "KC_OPTION_INVALID",
    `initialPositionInStream = LATEST loses records: until the first checkpoint of ${shardId}, each start of the daemon begins at the newest record. ` +
      "Set initialPositionInStreamExtended to a moment in epoch seconds instead " +
      `(${Math.floor(nowMs / 1_000)} is now), or initialPositionInStream to TRIM_HORIZON, and delete the rows of the daemon's table that say LATEST`,
  );
}

function shown(checkpoint: LeaseCheckpoint): string {
  return typeof checkpoint === "string"
    ? checkpoint
    : `${checkpoint.sequenceNumber}.${checkpoint.subSequenceNumber}`;
}
