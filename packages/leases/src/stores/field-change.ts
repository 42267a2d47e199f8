import type { Lease } from "../lease.js";
import { changed, type LeaseChange, type LeaseFacts } from "../lease-table.js";
import { checkpointText, type LeaseField, pendingFields, streamText } from "./lease-fields.js";

/** What is written of a row: the fields' new texts; undefined takes a field away. Fields that are not named stay as they are in the store. */
export type FieldWrites = Readonly<Partial<Record<LeaseField, string | undefined>>>;

/** A change of a row as one conditional write. */
export interface FieldChange {
  /**
   * What the row must hold for the change to be applied: these texts, and no text where undefined stands. A field that is not named is not looked at.
   */
  readonly expected: Readonly<Partial<Record<"owner" | "counter" | "checkpointOwner", string | undefined>>>;
  readonly write: FieldWrites;
}

/**
 * A change as stores carry it out that keep texts by name: with one statement, which looks at the row and writes it. The row is as `seen` wherever the
 * condition holds, but for the facts about the shard, which `describe` writes past the counter: of those only what the change names is written.
 *
 * @returns undefined where the change cannot be applied to any row like `seen`: nobody's shard is not handed over
 */
export function fieldChange(seen: Lease, change: LeaseChange): FieldChange | undefined {
  const next = changed(seen, change);
  const counted = { counter: `${next.counter}` };
  const asSeen = { owner: seen.owner, counter: `${seen.counter}` };
  switch (change.type) {
    case "take":
    case "assign":
      return {
        expected: change.type === "assign" ? { ...asSeen, checkpointOwner: seen.checkpointOwner } : asSeen,
        write: {
          ...counted,
          owner: next.owner,
          checkpointOwner: undefined,
          ownerSwitches: `${next.ownerSwitches}`,
          pauseDoneMs: undefined,
          ...(change.type === "take" ? { protocolOwner: change.owner } : {}),
          ...(change.type === "take" ? given("startTimestampMs", change.startTimestampMs) : {}),
        },
      };
    case "renew":
      return {
        expected: asSeen,
        write: {
          ...counted,
          ...given("readThroughMs", change.readThroughMs),
          ...given("pauseDoneMs", change.pauseDoneMs),
          ...given("throughputKBps", change.throughputKBps),
        },
      };
    case "prepare":
      // Both fields always: a batch without state leaves none of the one before it.
      return { expected: asSeen, write: { ...counted, ...pendingFields(change.pending) } };
    case "commit":
      return {
        expected: asSeen,
        write: {
          ...counted,
          checkpoint: checkpointText(change.checkpoint),
          ...pendingFields(undefined),
          ownerSwitches: "0",
          ...(change.childShardIds === undefined
            ? {}
            : { childShardIds: JSON.stringify(change.childShardIds) }),
          ...(change.stream === undefined ? {} : { stream: streamText(change.stream) }),
          ...given("readThroughMs", change.readThroughMs),
        },
      };
    case "evict":
      return { expected: asSeen, write: { ...counted, owner: undefined, checkpointOwner: undefined } };
    case "hand-off":
      if (seen.owner === undefined) return undefined;
      return {
        expected: { owner: seen.owner, checkpointOwner: undefined },
        write: { owner: change.owner, checkpointOwner: seen.owner },
      };
    default:
      change satisfies { readonly type: "reset" };
      return {
        expected: asSeen,
        write: {
          ...counted,
          owner: undefined,
          checkpointOwner: undefined,
          ownerSwitches: "0",
          checkpoint: checkpointText(change.checkpoint),
          ...pendingFields(undefined),
          startTimestampMs: textOf(change.startTimestampMs),
          readThroughMs: textOf(change.readThroughMs),
        },
      };
  }
}

/** Facts about a shard as what is written of its row. */
export function factWrites(facts: LeaseFacts): FieldWrites {
  const { childShardIds, hashKeyRange, pausedMs, pausedBy, pauseDoneMs } = facts;
  return {
    ...(childShardIds === undefined ? {} : { childShardIds: JSON.stringify(childShardIds) }),
    ...(hashKeyRange === undefined ? {} : { hashKeyRange: JSON.stringify(hashKeyRange) }),
    ...(pausedMs === undefined ? {} : { pausedMs: textOf(pausedMs) }),
    ...(pausedBy === undefined ? {} : { pausedBy: pausedBy ?? undefined }),
    ...(pauseDoneMs === undefined ? {} : { pauseDoneMs: textOf(pauseDoneMs) }),
  };
}

function given(name: LeaseField, value: number | undefined): FieldWrites {
  return value === undefined ? {} : { [name]: `${value}` };
}

function textOf(value: number | null | undefined): string | undefined {
  return value === undefined || value === null ? undefined : `${value}`;
}
