import { following } from "@kinesis-connectors/aws";
import {
  asError,
  type Batch,
  type BufferEntry,
  type EmitContext,
  type Emitter,
  type FailedEntry,
  KinesisConnectorError,
  systemClock,
} from "@kinesis-connectors/core";
import { connect } from "./connection.js";
import type { KeySchema } from "./key-schema.js";
import { Lanes, type Settled } from "./lanes.js";
import { Pace } from "./pace.js";
import { Ordinals, positionText } from "./position.js";
import { splitWrites } from "./requests.js";
import { settleAll } from "./rounds.js";
import { type DynamoDbEmitterOptions, settingsFrom } from "./settings.js";
import { tableOf } from "./table.js";
import { type Write, writeOf } from "./writes.js";

/**
 * Keeps a table as the stream says it is. The output of the transformer is the item itself, a plain object with the table's key in it.
 *
 * - `guarded` (default): an item is written only over an older one, by the position of its record. Writing again, late writes of a paused
 *   worker and lost replies change nothing.
 * - `put`: 25 items in a request, over whatever is there. Cheapest; a late write of a paused worker may bring an old version back.
 * - `update`: expressions for each record, each applied once.
 * - `delete`: each record leaves a tombstone in place of its item, so that an older version does not come back.
 *
 * Items of one key are written in the order of their records. What DynamoDB can never take goes to the dead letters alone.
 *
 * @example
 * ```ts
 * const emitter = dynamoDbEmitter<Order>({ table: "orders", isRemoved: (order) => order.status === "cancelled" });
 * ```
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function dynamoDbEmitter<Item extends object>(options: DynamoDbEmitterOptions<Item>): Emitter<Item> {
  const settings = settingsFrom(options);
  const connection = connect(options);
  const table = tableOf(connection, settings);
  const pace = new Pace(settings.maxConcurrency);
  const ordinals = new Ordinals();
  // What a batch that is tried again has settled before: that much need not be written twice. Forgotten with the batch.
  const settledBefore = new WeakMap<BufferEntry<Item>, Settled<Item>>();

  const prepared = (
    entry: BufferEntry<Item>,
    batch: Batch<Item>,
    schema: KeySchema,
  ): Write<Item> | FailedEntry<Item> => {
    const position = positionText(entry.record, ordinals.of(entry));
    try {
      return writeOf(entry, { shardId: batch.shardId, position }, schema, settings);
    } catch (thrown) {
      return { entry, action: "dead-letter", error: asError(thrown) };
    }
  };

  const lanesOf = (batch: Batch<Item>, schema: KeySchema): Lanes<Item> => {
    ordinals.learn(batch.entries);
    // Each update builds on the one before it; of whole items only the last version counts.
    const lanes = new Lanes<Item>(settings.mode !== "update", (entry, outcome) =>
      settledBefore.set(entry, outcome),
    );
    for (const entry of batch.entries) {
      if (settledBefore.has(entry)) continue;
      const write = prepared(entry, batch, schema);
      if ("action" in write) settledBefore.set(entry, write);
      else lanes.add(write);
    }
    return lanes;
  };

  const emit = async (batch: Batch<Item>, context: EmitContext<undefined>): Promise<FailedEntry<Item>[]> => {
    const schema = await table.schema(context);
    using followed = following(context.signal);
    await settleAll({
      lanes: lanesOf(batch, schema),
      table,
      pace,
      emit: { ...context, signal: followed.signal },
      split: settings.mode === "put" ? splitWrites : (writes) => writes.map((write) => [write]),
      maxConcurrency: settings.maxConcurrency,
    });
    const failed: FailedEntry<Item>[] = [];
    for (const entry of batch.entries) {
      const outcome = settledBefore.get(entry);
      settledBefore.delete(entry);
      if (outcome !== undefined && outcome !== "placed") failed.push(outcome);
    }
    return failed;
  };

  return {
    capabilities: { duplicates: "none", ordering: "partition-key" },

    emit: async (batch, context) =>
      batch.entries.length === 0 ? { failed: [] } : { failed: await emit(batch, context) },

    open: async ({ signal, logger }) => {
      try {
        await table.schema({ signal, clock: systemClock });
      } catch (error) {
        signal.throwIfAborted();
        if (KinesisConnectorError.isInstance(error)) throw error;
        logger.debug({ table: settings.table }, "the table could not be looked at; the first write tells");
      }
    },

    close: () => {
      connection.close();
      return Promise.resolve();
    },
  };
}
