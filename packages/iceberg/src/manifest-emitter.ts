import {
  type BufferEntry,
  checkOptions,
  comparePositions,
  type EmitContext,
  type Emitter,
  type FailedEntry,
  KinesisConnectorError,
  type OptionNames,
  poisonRecord,
  type Position,
} from "@kinesis-connectors/core";
import type { LoadedTable } from "./catalog/catalog.js";
import type { Append } from "./commits/append.js";
import { GroupCommit } from "./commits/group-commit.js";
import { isPast, positionIn, positionKey } from "./commits/position.js";
import { type Announcement, announcementIn } from "./files/announcement.js";
import { inTurn } from "./files/in-turn.js";
import { FILE_CONCURRENCY } from "./limits.js";
import { type IcebergTableOptions, TABLE_OPTIONS, tableSettings } from "./options.js";
import { openingContext, tableOf } from "./tables/open-table.js";

/** Options of `icebergManifestEmitter`. */
export interface IcebergManifestEmitterOptions extends IcebergTableOptions {}

const NAMES: OptionNames<IcebergManifestEmitterOptions> = TABLE_OPTIONS;

/**
 * Adds the files that a stream announces to their table, many in one commit, each once, however often it is announced: the second stage after `icebergFileEmitter`. The positions that move
 * with the files are those of the first stage's shards.
 *
 * A record that announces nothing of the table is a dead letter; the others are added.
 *
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function icebergManifestEmitter(options: IcebergManifestEmitterOptions): Emitter<string> {
  checkOptions("icebergManifestEmitter", options, NAMES);
  const settings = tableSettings(options);
  const { current, objects, close } = tableOf(settings);
  const commits = new GroupCommit(current, settings, (context) => ({ objects, context }));

  /** Adds what is not there yet; true where all of it is. */
  const addAll = async (
    announcements: readonly Announcement[],
    isUrgent: boolean,
    context: EmitContext<undefined>,
  ): Promise<boolean> => {
    const appends = appendsOf(announcements, await current.recent(context), isUrgent, context);
    const outcomes = await Promise.all(appends.map((append) => commits.append(append)));
    return outcomes.every((outcome) => outcome === "added");
  };

  return {
    // What is announced is added with the position of its own shard, so emitting is idempotent by record and needs no plan.
    capabilities: { duplicates: "none", ordering: "none" },

    emit: async (batch, context) => {
      const { metadata } = await current.recent(context);
      const failed: FailedEntry<string>[] = [];
      const found = await inTurn(batch.entries, FILE_CONCURRENCY, async (entry) => ({
        entry,
        announced: await announcementIn(entry.output, metadata, objects, context),
      }));
      const announcements: Announcement[] = [];
      for (const { entry, announced } of found) {
        if (typeof announced === "string") failed.push(refusedEntry(entry, announced));
        else announcements.push(announced);
      }
      const isUrgent = batch.reason === "stop" || batch.reason === "shard-end" || batch.reason === "end";
      while (!(await addAll(announcements, isUrgent, context))) context.signal.throwIfAborted();
      return { failed };
    },

    // What is announced once more is in the table already, by the positions of the first stage's shards.
    wouldDouble: () => Promise.resolve(undefined),

    open: async (opening) => {
      await current.load(openingContext(opening));
    },

    close: () => {
      close();
      return Promise.resolve();
    },
  };
}

function refusedEntry(entry: BufferEntry<string>, why: string): FailedEntry<string> {
  const error = poisonRecord(`the record announces no files to add: ${why}`);
  return { entry, action: "dead-letter", error };
}

/** One append for each shard, of all its batches that the table does not hold yet. */
function appendsOf(
  announcements: readonly Announcement[],
  { metadata }: LoadedTable,
  isUrgent: boolean,
  context: EmitContext<undefined>,
): readonly Append[] {
  const appends = new Map<string, Append>();
  for (const { owner, first, last, batch, files } of announcements) {
    const key = positionKey(owner);
    const past = positionIn(metadata.properties, key);
    const before = appends.get(key);
    const reached = before?.last ?? past;
    if (isPast(reached, last)) continue;
    requireWhole(reached, first, key);
    appends.set(key, {
      owner,
      past,
      last,
      batch,
      files: [...(before?.files ?? []), ...files],
      isUrgent,
      context,
    });
  }
  return [...appends.values()];
}

/** Files cannot be cut: a table that holds a part of them has been written to in another way. */
function requireWhole(reached: Position | undefined, first: Position, key: string): void {
  if (reached === undefined || comparePositions(reached, first) < 0) return;
  throw new KinesisConnectorError(
    "KC_PLACE_TAKEN",
    `the table is in the middle of an announced batch (property ${key}): the same shard is written by another emitter, or with other boundaries. ` +
      "Let one application write a shard in one way, and read the stream of announcements from its end on",
  );
}
