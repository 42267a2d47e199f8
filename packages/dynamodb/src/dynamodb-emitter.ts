import { firstLook, following, versionWriter } from "@kinesis-connectors/aws";
import {
  asError,
  type Batch,
  type BufferEntry,
  type EmitContext,
  type Emitter,
  type FailedEntry,
} from "@kinesis-connectors/core";
import { connect } from "./connection.js";
import { cureAtOpen, refusal } from "./failures.js";
import { type KeySchema, keyTextOf } from "./items/key-schema.js";
import { KeyQueues, type Outcomes } from "./writing/key-queues.js";
import { Memory } from "./writing/memory.js";
import { Pace } from "./writing/pace.js";
import { Ordinals } from "./items/position.js";
import { eachAlone, splitWrites } from "./requests.js";
import { settleAll } from "./writing/rounds.js";
import { type DynamoDbEmitterOptions, settingsFrom } from "./settings.js";
import { tableOf } from "./writing/table.js";
import { writeOf } from "./writing/writes.js";

/**
 * Keeps a table as the stream says it is. The output of the transformer is the item itself, a plain object with the table's key in it.
 *
 * - `guarded` (default): an item is written only over an older one, by the position of its record, or first by a `version` of its own. Writing
 *   again, late writes of a paused worker and lost replies change nothing.
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
  const memory = new Memory<Item>();
  const { mode, version } = settings;
  const versionTextOf = versionWriter();

  const queuesOf = (
    { entries }: Batch<Item>,
    schema: KeySchema,
    versions: string[],
    outcomes: Outcomes<Item>,
  ): KeyQueues<Item> => {
    // Each update builds on the one before it; of whole items only the last version counts.
    const queues = new KeyQueues<Item>(entries, mode !== "update", outcomes);
    const keys: (readonly [index: number, key: string])[] = [];
    for (const [index, entry] of entries.entries()) {
      outcomes[index] = memory.take(entry);
      if (outcomes[index] !== undefined) continue;
      try {
        const key = keyTextOf(schema, entry.output);
        if (version === undefined) {
          queues.add(key, index);
          continue;
        }
        versions[index] = versionTextOf(version(entry.output, entry.record));
        keys.push([index, key]);
      } catch (thrown) {
        outcomes[index] = { entry, action: "dead-letter", error: asError(thrown) };
      }
    }
    // Stable, so that of equal versions the later one in the stream stays the later one.
    keys.sort(([one], [other]) => compareTexts(versions[one] ?? "", versions[other] ?? ""));
    for (const [index, key] of keys) queues.add(key, index);
    return queues;
  };

  const emit = async (batch: Batch<Item>, context: EmitContext<undefined>): Promise<FailedEntry<Item>[]> => {
    const schema = await table.schema(context);
    using followed = following(context.signal);
    const { shardId, entries } = batch;
    if (mode !== "put") ordinals.learn(entries);
    const outcomes: Outcomes<Item> = [];
    const versions: string[] = [];
    try {
      await settleAll({
        queues: queuesOf(batch, schema, versions, outcomes),
        writeOf: (index, keyIndex) => {
          const entry = entries[index] as BufferEntry<Item>;
          return writeOf(
            entry,
            { keyIndex, shardId, ordinal: ordinals.of(entry), version: versions[index] },
            schema,
            settings,
          );
        },
        table,
        pace,
        emit: { ...context, signal: followed.signal },
        split: mode === "put" ? splitWrites : eachAlone,
        maxConcurrency: settings.maxConcurrency,
      });
    } catch (error) {
      memory.keep(entries, outcomes);
      throw error;
    }
    const failed: FailedEntry<Item>[] = [];
    for (const outcome of outcomes) if (outcome !== undefined && outcome !== "written") failed.push(outcome);
    return failed;
  };

  return {
    capabilities: { duplicates: "none", ordering: "partition-key" },

    emit: async (batch, context) =>
      batch.entries.length === 0 ? { failed: [] } : { failed: await emit(batch, context) },

    wouldDouble: () =>
      Promise.resolve(
        mode === "put"
          ? `whatever the table "${settings.table}" has by now: mode "put" has no guard against older records`
          : undefined,
      ),

    open: async (opening) => {
      await firstLook(connection, opening, {
        look: table.schema,
        cureAtOpen,
        refusal: (cure, error) => refusal(`to describe the table "${settings.table}"`, cure, error),
        unsure: () =>
          opening.logger.debug(
            { table: settings.table },
            "the table could not be looked at; the first write tells",
          ),
      });
    },

    close: () => {
      connection.close();
      return Promise.resolve();
    },
  };
}

function compareTexts(one: string, other: string): number {
  return one < other ? -1 : one === other ? 0 : 1;
}
