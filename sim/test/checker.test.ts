import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { Lease, LeaseChange } from "@kinesis-connectors/consumer";
import type { StoredObject } from "../src/services/bucket.js";
import { ObjectChecker } from "../src/checks/checker.js";
import type { Violation } from "../src/checks/violation.js";
import { checkEnd, isDrained } from "../src/checks/end-checker.js";
import { LeaseChecker } from "../src/checks/lease-checker.js";
import { Ledger } from "../src/checks/ledger.js";
import { bytesOf, type RecordKind } from "../src/payload.js";
import { SimStream } from "../src/services/sim-stream.js";

const PARENT = "shardId-000000000000";
const CHILD = "shardId-000000000001";
const KEY = "archive/a.ndjson";

/** A stream of one shard whose records do as they are told, with both checkers. The first record has the sequence number 12. */
function setUp(...kinds: readonly RecordKind[]) {
  const violations: Violation[] = [];
  const report = (violation: Violation): void => void violations.push(violation);
  const ledger = new Ledger();
  const stream = new SimStream({
    shards: 1,
    retentionMs: 1_000,
    firstSequence: 10,
    listener: {
      opened: (shard) => ledger.open(shard),
      put: (shard, record) => ledger.put(shard, record),
      trimmed: ({ shardId }, { sequenceNumber }) => ledger.trimmed(shardId, sequenceNumber),
    },
  });
  kinds.forEach((kind, index) =>
    stream.put(bytesOf({ id: index + 1, kind, outputs: kind === "many" ? 2 : 1 }), "k", undefined, index),
  );
  const objects = new ObjectChecker(ledger, report, true);
  const leases = new LeaseChecker(ledger, objects, report);
  leases.created({ ...rowOf(PARENT), hashKeyRange: { startingHashKey: "0", endingHashKey: "1" } });
  const rules = (): readonly string[] => violations.map(({ rule }) => rule);
  return { ledger, stream, objects, leases, rules };
}

function rowOf(leaseKey: string, more: Partial<Lease> = {}): Lease {
  return {
    leaseKey,
    owner: "w",
    counter: 1,
    ownerSwitches: 0,
    checkpoint: "TRIM_HORIZON",
    pending: undefined,
    parentShardIds: [],
    childShardIds: [],
    hashKeyRange: undefined,
    checkpointOwner: undefined,
    startTimestampMs: undefined,
    readThroughMs: undefined,
    protocolOwner: "w",
    ...more,
  };
}

const at = (sequence: number) => ({ sequenceNumber: String(sequence), subSequenceNumber: 0 });

function prepare(first: number, last: number, more: object = {}): Extract<LeaseChange, { type: "prepare" }> {
  const stored = { first: at(first), last: at(last), plan: { places: [{ key: KEY }] }, ...more };
  return {
    type: "prepare",
    pending: { checkpoint: at(last), state: new TextEncoder().encode(JSON.stringify(stored)) },
  };
}

const commit = (sequence: number): LeaseChange => ({ type: "commit", checkpoint: at(sequence) });
const SHARD_END: LeaseChange = { type: "commit", checkpoint: "SHARD_END" };

/** An object of these records, `[id, output]`, whose metadata are right. */
function objectOf(
  lines: readonly (readonly [id: number, n: number])[],
  changes: Partial<StoredObject> = {},
): StoredObject {
  const positions = lines.map(([id]) => `${id + 11}.0`);
  const hash = createHash("sha256");
  for (const position of positions) hash.update(`${position}\n`);
  return {
    key: KEY,
    body: Buffer.from(
      lines.map(([id, n], index) => `${JSON.stringify({ id, n, at: positions[index] })}\n`).join(""),
    ),
    metadata: {
      "kc-shard": PARENT,
      "kc-batch-id": positions.join(),
      "kc-first": positions[0] ?? "",
      "kc-last": positions.at(-1) ?? "",
      "kc-record-count": String(lines.length),
      "kc-ids-sha256": hash.digest("hex"),
    },
    ...changes,
  };
}

describe("what the books accept", () => {
  test("prepared, written, committed, ended: nothing to complain about", () => {
    const { leases, objects, ledger, rules } = setUp("plain", "many", "filtered");
    leases.changed(rowOf(PARENT), prepare(12, 14, { routes: "1k1k2;1d" }));
    objects.created(
      objectOf([
        [1, 0],
        [2, 0],
        [2, 1],
      ]),
    );
    leases.changed(rowOf(PARENT, { pending: prepare(12, 14).pending }), commit(14));
    expect(isDrained(ledger, new Map([[PARENT, rowOf(PARENT)]]))).toBe(true);
    leases.changed(rowOf(PARENT, { checkpoint: at(14) }), SHARD_END);
    expect(checkEnd(ledger, new Set(), () => expect.unreachable())).toBe(0);
    expect(rules()).toEqual([]);
  });
});

describe("what the books find", () => {
  const RIGHT = objectOf([[1, 0]]);

  test.each<readonly [string, StoredObject, string]>([
    ["a record that nobody put", objectOf([[9, 0]]), "phantom"],
    ["an output that the record does not have", objectOf([[1, 1]]), "phantom"],
    [
      "a wrong hash of ids",
      objectOf([[1, 0]], { metadata: { ...RIGHT.metadata, "kc-ids-sha256": "0" } }),
      "I9",
    ],
    ["a wrong count", objectOf([[1, 0]], { metadata: { ...RIGHT.metadata, "kc-record-count": "2" } }), "I9"],
    [
      "records out of order",
      objectOf([
        [2, 0],
        [1, 0],
      ]),
      "I8",
    ],
    [
      "a record twice in one object",
      objectOf([
        [1, 0],
        [1, 0],
      ]),
      "duplicated",
    ],
    ["a key that was never prepared", objectOf([[1, 0]], { key: "archive/b.ndjson" }), "I4"],
  ])("%s", (_name, object, rule) => {
    const { leases, objects, rules } = setUp("plain", "plain");
    leases.changed(rowOf(PARENT), prepare(12, 13));
    objects.created(object);
    expect(rules()).toContain(rule);
  });

  test("a record in two objects, and ranges that overlap", () => {
    const { leases, objects, rules } = setUp("plain", "plain");
    leases.changed(rowOf(PARENT), prepare(12, 13));
    objects.created(
      objectOf([
        [1, 0],
        [2, 0],
      ]),
    );
    objects.created(objectOf([[2, 0]]));
    expect(rules()).toEqual(["I2", "duplicated"]);
  });

  test("a record that goes another way than the stored one", () => {
    const { leases, objects, rules } = setUp("plain", "plain");
    leases.changed(rowOf(PARENT), prepare(12, 13, { routes: "1k1x" }));
    objects.created(
      objectOf([
        [1, 0],
        [2, 0],
      ]),
    );
    expect(rules()).toEqual(["I10"]);
  });

  test("outcomes that are not one per record", () => {
    const { leases, rules } = setUp("plain", "plain");
    leases.changed(rowOf(PARENT), prepare(12, 13, { routes: "3k" }));
    expect(rules()).toEqual(["I10"]);
  });

  test.each<readonly [string, RecordKind, number]>([
    ["a plain record", "plain", 1],
    ["a poison record", "poison", 1],
    ["a record of two minds", "flaky-poison", 1],
    ["not a dropped one", "filtered", 0],
  ])("a checkpoint over what has not landed: %s", (_name, kind, lost) => {
    const { leases } = setUp(kind);
    leases.changed(rowOf(PARENT), commit(12));
    expect(leases.lost).toBe(lost);
  });

  test("half of a record's outputs", () => {
    const { leases, objects } = setUp("many");
    leases.changed(rowOf(PARENT), prepare(12, 12));
    objects.created(objectOf([[1, 1]]));
    leases.changed(rowOf(PARENT), commit(12));
    expect(leases.lost).toBe(1);
  });

  test("a range that leaves a record out, or begins before the checkpoint", () => {
    const { leases, rules } = setUp("filtered", "filtered", "filtered");
    leases.changed(rowOf(PARENT), prepare(13, 14));
    leases.changed(rowOf(PARENT), commit(13));
    leases.changed(rowOf(PARENT), prepare(13, 14));
    expect(rules()).toEqual(["I5", "I5"]);
  });

  test("a prepared range that is replaced, and one that is committed otherwise", () => {
    const { leases, rules } = setUp("filtered", "filtered");
    const row = rowOf(PARENT, { pending: prepare(12, 13).pending });
    leases.changed(row, prepare(12, 12));
    leases.changed(row, commit(12));
    leases.changed(row, SHARD_END);
    expect(rules()).toEqual(["I7", "I7", "I7", "lost"]);
  });

  test("a checkpoint that goes back, and one after the end", () => {
    const { leases, rules } = setUp("filtered", "filtered");
    leases.changed(rowOf(PARENT, { checkpoint: at(13) }), commit(12));
    leases.changed(rowOf(PARENT), commit(13));
    leases.changed(rowOf(PARENT), SHARD_END);
    leases.changed(rowOf(PARENT, { checkpoint: "SHARD_END" }), commit(13));
    expect(rules()).toEqual(["I6", "I6"]);
  });

  test("an end with records unread, and a child that is read before its parent's end", () => {
    const { leases, stream, rules } = setUp("plain");
    for (const shard of stream.openShards) stream.split(shard, 5);
    leases.changed(rowOf(CHILD), SHARD_END);
    leases.changed(rowOf(PARENT), SHARD_END);
    expect(rules()).toEqual(["order", "lost"]);
  });

  test("what nobody ever committed, and what retention took without a word", () => {
    const { ledger, stream, leases } = setUp("filtered", "plain", "plain");
    leases.changed(rowOf(PARENT), commit(12));
    stream.put(bytesOf({ id: 4, kind: "plain", outputs: 1 }), "k", undefined, 2_000);
    stream.trim(2_000);
    const found: string[] = [];
    expect(checkEnd(ledger, new Set(), ({ rule }) => void found.push(rule))).toBe(3);
    expect(found).toEqual(["silent gap", "silent gap", "lost"]);
    expect(checkEnd(ledger, new Set([PARENT]), () => undefined)).toBe(1);
    expect(isDrained(ledger, new Map())).toBe(false);
  });

  test("a record that landed where it must not", () => {
    const { ledger, leases, objects } = setUp("filtered", "poison");
    leases.changed(rowOf(PARENT), prepare(12, 13));
    objects.created(
      objectOf([
        [1, 0],
        [2, 0],
      ]),
    );
    leases.changed(rowOf(PARENT), commit(13));
    const found: string[] = [];
    checkEnd(ledger, new Set(), ({ rule }) => void found.push(rule));
    expect(found).toEqual(["I11", "I11"]);
  });
});
