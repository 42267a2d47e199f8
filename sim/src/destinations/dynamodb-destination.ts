import { dynamoDbEmitter } from "@kinesis-connectors/dynamodb";
import { type DestinationParts, type SimDestination, driving } from "./destination.js";
import { NewestChecker, type Version } from "../checks/newest-checker.js";
import { nameOf } from "../checks/ledger.js";
import { keyText, revisionOf } from "../payload.js";
import { type Item, SimDynamoDb } from "../services/sim-dynamodb.js";
import { type Output, REQUEST_TIMEOUT_MS } from "../sim-pipeline.js";

const COUNT = "count";

type Mode = "guarded" | "versioned" | "put" | "update" | "update-per-shard";

/**
 * Records as items. Of `guarded` items the last record of each key has to be there in the end; of `versioned` ones
 * the one with the highest version of its own. Updates count the records of a key, and
 * each must have counted once. Of `put` items the last record must have been written; a late write of a zombie may stand over it, as
 * the emitter says.
 */
export function dynamoDbDestination(parts: DestinationParts): SimDestination {
  const { scenario, ledger, landings, report } = parts;
  const mode = MODES[scenario.variant] ?? "guarded";
  const isVersioned = mode === "versioned";
  const isGuarded = mode === "guarded" || isVersioned;
  const newest = new NewestChecker(ledger, report, isVersioned ? revisionOf : undefined);
  const versionIn = (key: string, item: Item): Version | undefined => {
    const [position = "", output = 0] = isGuarded
      ? guardedPosition(item)
      : [item["at"]?.S, Number(item["n"]?.N)];
    return newest.versionAt(key, position, output);
  };
  const table = new SimDynamoDb({
    network: parts.network,
    random: parts.random,
    temper: { throttled: scenario.faultRate },
    isUnguarded: parts.isUnguarded,
    listener: {
      put: (key, item) => {
        const version = versionIn(key, item);
        if (version === undefined) return;
        newest.written(key, version);
        const isRemoved = item["kcRemoved"]?.BOOL === true;
        if (isGuarded && isRemoved !== removes(version.entry.payload?.id ?? 0))
          report({ rule: "phantom", what: `${key} is a tombstone, or is none, against its record` });
      },
      updated: (key, _before, values) => {
        const version = newest.versionAt(key, values[":at"]?.S ?? "", Number(values[":n"]?.N));
        if (version !== undefined) landings.land(version.entry, version.output, false, key);
      },
    },
  });

  const isUpdate = mode === "update" || mode === "update-per-shard";
  return {
    drive: driving(parts, (process) => {
      const place = {
        client: table.clientOf(process),
        table: "simulated",
        requestTimeoutMs: REQUEST_TIMEOUT_MS,
      };
      if (mode === "put") return dynamoDbEmitter<Output>({ ...place, mode });
      if (isGuarded)
        return dynamoDbEmitter<Output>({
          ...place,
          isRemoved: ({ id }) => removes(id),
          ...(isVersioned && !parts.isUnversioned ? { version: ({ id }) => revisionOf(id) } : {}),
        });
      return dynamoDbEmitter<Output>({
        ...place,
        mode: "update",
        positionPer: mode === "update" ? "item" : "shard",
        update: ({ n, at }) => ({
          expression: "SET #at = :at, #n = :n ADD #count :one",
          names: { "#at": "at", "#n": "n", "#count": COUNT },
          values: { ":at": at, ":n": n, ":one": 1 },
        }),
      });
    }),
    calm: () => {
      table.temper.throttled = 0;
    },
    ...(isUpdate ? {} : { hasLanded: newest.hasLanded }),
    checkEnd: () => {
      if (isUpdate) return checkCounts();
      return newest.checkEnd((key) => {
        if (mode === "put") return newest.newest.get(key);
        const item = table.items.get(key);
        return item === undefined ? undefined : versionIn(key, item);
      });
    },
    storedCount: () => table.items.size,
  };

  /** What the items say is what was counted, and what was counted is what the stream holds. */
  function checkCounts(): number {
    let lost = 0;
    const counts = new Map<string, number>();
    for (const entry of ledger.entriesById.values()) {
      if (entry.payload === undefined) continue;
      const key = keyText(entry.payload);
      const count = entry.archived.reduce((sum, times) => sum + times, 0);
      counts.set(key, (counts.get(key) ?? 0) + count);
    }
    for (const [key, count] of counts) {
      const shown = Number(table.items.get(key)?.[COUNT]?.N ?? 0);
      if (shown === count) continue;
      lost += Math.max(0, count - shown);
      report({ rule: "count", what: `${key} says ${shown}, but ${count} were counted` });
    }
    return lost;
  }
}

/** By `Scenario.variant`. */
const MODES: readonly Mode[] = ["guarded", "versioned", "guarded", "put", "update", "update-per-shard"];

/** Which records remove their item. */
function removes(id: number): boolean {
  return id % 7 === 0;
}

/** Perhaps a version and a blank, then `<56 digits>.<10 digits>` and `.<6 digits>` from the second output of a record on. */
function guardedPosition(item: Item): readonly [position: string, output: number] {
  const [sequence = "", sub = "", ordinal = "0"] = (item["kcPosition"]?.S ?? "")
    .replace(/^.* /, "")
    .split(".");
  return [
    nameOf({ sequenceNumber: String(Number(sequence)), subSequenceNumber: Number(sub) }),
    Number(ordinal),
  ];
}
