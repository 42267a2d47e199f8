import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isAsSeen } from "../../src/lease-table.js";
import {
  changed,
  described,
  factWrites,
  fieldChange,
  type FieldWrites,
  type Lease,
  type LeaseChange,
  type LeaseFacts,
  leaseFields,
  type LeaseFields,
  leaseOfFields,
} from "../../src/index.js";
import { leaseWith } from "../support/leases.js";

const optional = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });
const at = fc.oneof(
  fc.constantFrom("TRIM_HORIZON" as const, "LATEST" as const, "AT_TIMESTAMP" as const, "SHARD_END" as const),
  fc.record({ sequenceNumber: fc.bigInt({ min: 0n }).map(String), subSequenceNumber: fc.nat() }),
);
const pending = fc.record({ checkpoint: at, state: optional(fc.uint8Array()) });
const time = fc.maxSafeNat();
const range = fc.record({ startingHashKey: fc.string(), endingHashKey: fc.string() });
const stream = fc.record({ streamArn: fc.string(), createdMs: optional(time) });
/** Few, so that they come again. */
const owner = fc.constantFrom("a", "b", "c");

/** A member that is there or not, as in rows: not there and undefined. */
const absentOr = <Value>(name: string, value: fc.Arbitrary<Value>) =>
  fc.option(value, { nil: undefined }).map((one) => (one === undefined ? {} : { [name]: one }));

const lease: fc.Arbitrary<Lease> = fc
  .tuple(
    fc.record({
      owner: optional(owner),
      counter: fc.integer({ min: 0, max: 2 ** 53 - 2 }),
      ownerSwitches: fc.nat(),
      checkpoint: at,
      pending: optional(pending),
      parentShardIds: fc.array(fc.string()),
      childShardIds: fc.array(fc.string()),
      hashKeyRange: optional(range),
      checkpointOwner: optional(owner),
      startTimestampMs: optional(time),
      readThroughMs: optional(time),
      protocolOwner: optional(owner),
    }),
    absentOr("stream", stream),
    absentOr("untilMs", time),
    absentOr("pausedMs", time),
    absentOr("pausedBy", fc.string()),
    absentOr("pauseDoneMs", time),
    absentOr(
      "throughputKBps",
      fc.double({ min: 0, max: 1e9, noNaN: true, noDefaultInfinity: true }).map(Math.abs),
    ),
  )
  .map(([row, ...more]) => leaseWith("s0", Object.assign({}, row, ...more) as Partial<Lease>));

const change: fc.Arbitrary<LeaseChange> = fc.oneof(
  fc.record({ type: fc.constant("take" as const), owner, startTimestampMs: optional(time) }),
  fc.record({
    type: fc.constant("renew" as const),
    readThroughMs: optional(time),
    pauseDoneMs: optional(time),
    throughputKBps: optional(fc.nat()),
  }),
  fc.record({ type: fc.constant("prepare" as const), pending }),
  fc.record({
    type: fc.constant("commit" as const),
    checkpoint: at,
    childShardIds: optional(fc.array(fc.string())),
    stream: optional(stream),
    readThroughMs: optional(time),
  }),
  fc.constant({ type: "evict" as const }),
  fc.record({
    type: fc.constant("reset" as const),
    checkpoint: at,
    startTimestampMs: optional(time),
    readThroughMs: optional(time),
  }),
  fc.record({ type: fc.constant("hand-off" as const), owner }),
  fc.record({ type: fc.constant("assign" as const), owner }),
);

const facts: fc.Arbitrary<LeaseFacts> = fc
  .tuple(
    absentOr("childShardIds", fc.array(fc.string())),
    absentOr("hashKeyRange", range),
    absentOr("pausedMs", fc.option(time)),
    absentOr("pausedBy", fc.option(fc.string())),
    absentOr("pauseDoneMs", fc.option(time)),
  )
  .map((parts) => Object.assign({}, ...parts) as LeaseFacts);

function written(fields: LeaseFields, write: FieldWrites): LeaseFields {
  return Object.fromEntries(Object.entries({ ...fields, ...write }).filter(([, text]) => text !== undefined));
}

describe("rows as texts", () => {
  test("read back as they were written, whatever they hold", () => {
    fc.assert(
      fc.property(lease, (row) => {
        // Through JSON, as a store keeps them.
        expect(leaseOfFields("s0", JSON.parse(JSON.stringify(leaseFields(row))))).toEqual(row);
      }),
    );
  });

  test("a change is applied where a row is as it was seen, and leaves the row that it leaves in memory; facts that were written since are kept", () => {
    fc.assert(
      fc.property(lease, change, facts, fc.boolean(), (seen, wanted, since, isStale) => {
        const row = described(isStale ? { ...seen, counter: seen.counter + 1 } : seen, since);
        const fields = leaseFields(row);
        const told = fieldChange(seen, wanted);
        const holds =
          told !== undefined &&
          Object.entries(told.expected).every(([name, text]) => fields[name as keyof LeaseFields] === text);
        expect(holds).toBe(isAsSeen(row, seen, wanted));
        if (!holds) return;
        expect(leaseOfFields("s0", written(fields, told.write))).toEqual(changed(row, wanted));
      }),
      { numRuns: 2_000 },
    );
  });

  test("facts are written as they are in memory", () => {
    fc.assert(
      fc.property(lease, facts, (row, more) => {
        expect(leaseOfFields("s0", written(leaseFields(row), factWrites(more)))).toEqual(
          described(row, more),
        );
      }),
    );
  });

  test.each([
    [{}, "counter"],
    [{ counter: "1" }, "checkpoint is missing"],
    [{ counter: "x", checkpoint: "LATEST" }, "counter is no number"],
    [{ counter: "1.5", checkpoint: "LATEST" }, "counter is no whole number"],
    [{ counter: 1, checkpoint: "LATEST" }, "counter is no text"],
    [{ counter: "1", checkpoint: "secret" }, "checkpoint is no checkpoint"],
    [{ counter: "1", checkpoint: "LATEST", parentShardIds: "secret" }, "parentShardIds is no JSON"],
    [{ counter: "1", checkpoint: "LATEST", childShardIds: "{}" }, "childShardIds is no list"],
    [{ counter: "1", checkpoint: "LATEST", hashKeyRange: "[]" }, "hashKeyRange is no range"],
    [{ counter: "1", checkpoint: "LATEST", stream: '{"x":1}' }, "stream is no stream"],
  ])("a damaged row says what is wrong and not what it holds: %o", (fields, message) => {
    const read = (): Lease => leaseOfFields("s0", fields);
    expect(read).toThrow(message);
    expect(read).not.toThrow("secret");
  });
});
