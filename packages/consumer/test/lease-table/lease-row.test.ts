import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { LeaseCheckpoint } from "@kinesis-connectors/leases";
import { newLeaseRow, parseLeaseRow } from "../../src/lease-table/lease-row.js";
import { leaseWith, newLease } from "../support/leases.js";

const ROW: Readonly<Record<string, AttributeValue>> = {
  leaseKey: { S: "shardId-000000000000" },
  leaseCounter: { N: "12" },
  leaseOwner: { S: "java-1" },
  ownerSwitchesSinceCheckpoint: { N: "0" },
  checkpoint: { S: "49579844037727333356165064238440708846556371693205002258" },
  checkpointSubSequenceNumber: { N: "3" },
  startingHashKey: { S: "0" },
  endingHashKey: { S: "340282366920938463463374607431768211455" },
};

const sequenceNumber = fc.bigInt({ min: 0n, max: 10n ** 56n - 1n }).map(String);
const position = fc.record({ sequenceNumber, subSequenceNumber: fc.nat() });
const checkpoint: fc.Arbitrary<LeaseCheckpoint> = fc.oneof(
  fc.constantFrom("TRIM_HORIZON" as const, "LATEST" as const, "AT_TIMESTAMP" as const, "SHARD_END" as const),
  position,
);

describe("a row of the lease table", () => {
  test.each<[AttributeValue, number]>([
    [{ S: "2026-11-29" }, 0],
    [{ BOOL: true }, 0],
    [{ NULL: true }, 0],
    [{ N: "-1" }, 0],
    [{ N: "1e400" }, 0],
    [{ N: "1764374400000.5" }, 1_764_374_400_000],
  ])("that somebody has paused by hand with %j is a lease, and paused", (kcPausedMs, pausedMs) => {
    const parsed = parseLeaseRow({ ...ROW, kcPausedMs, kcPausedBy: { N: "7" }, kcPauseDoneMs: { S: "now" } });
    expect(parsed).toMatchObject({ type: "lease", lease: { counter: 12, pausedMs } });
    expect(parsed).not.toHaveProperty("lease.pausedBy");
    // That it is done only its owner can say.
    expect(parsed).not.toHaveProperty("lease.pauseDoneMs");
  });

  test("as a KCL worker writes it is a lease", () => {
    expect(parseLeaseRow(ROW)).toMatchObject({
      type: "lease",
      lease: {
        leaseKey: "shardId-000000000000",
        owner: "java-1",
        counter: 12,
        checkpoint: {
          sequenceNumber: "49579844037727333356165064238440708846556371693205002258",
          subSequenceNumber: 3,
        },
        pending: undefined,
      },
    });
    expect(parseLeaseRow({ ...ROW, entityType: { S: "LEASE" } }).type).toBe("lease");
  });

  test("a missing sub-sequence number reads as 0, missing owner switches too", () => {
    const { checkpointSubSequenceNumber: _sub, ownerSwitchesSinceCheckpoint: _switches, ...rest } = ROW;
    expect(parseLeaseRow(rest)).toMatchObject({
      lease: { ownerSwitches: 0, checkpoint: { subSequenceNumber: 0 } },
    });
  });

  test.each([
    { name: "has another entity type", more: { entityType: { S: "LEADER" } }, type: "foreign" },
    { name: "belongs to a multi-stream application", more: { streamName: { S: "1:s:2" } }, type: "foreign" },
    { name: "has a checkpoint that is no number", more: { checkpoint: { S: "12x" } }, type: "unreadable" },
    {
      name: "has a pending checkpoint that is no number",
      more: { pendingCheckpoint: { S: "" } },
      type: "unreadable",
    },
    {
      name: "has a counter that is no whole number",
      more: { leaseCounter: { N: "1.5" } },
      type: "unreadable",
    },
    {
      name: "has its hash keys the wrong way round",
      more: { startingHashKey: { S: "9" }, endingHashKey: { S: "8" } },
      type: "unreadable",
    },
    { name: "has a hash key that is no number", more: { startingHashKey: { S: "-1" } }, type: "unreadable" },
  ] as const)("K01 is passed over when it $name", ({ more, type }) => {
    expect(parseLeaseRow({ ...ROW, ...more }).type).toBe(type);
  });

  test("K01 without a counter or a checkpoint it is no lease, without a key it is nothing", () => {
    const without = (attribute: string) =>
      parseLeaseRow(Object.fromEntries(Object.entries(ROW).filter(([name]) => name !== attribute))).type;
    expect([without("leaseCounter"), without("checkpoint"), without("leaseKey")]).toEqual([
      "unreadable",
      "unreadable",
      "foreign",
    ]);
  });

  test("K01 no row whatsoever makes reading fail", () => {
    const value = fc.oneof(
      fc.record({ S: fc.string() }),
      fc.record({ N: fc.oneof(fc.integer().map(String), fc.string()) }),
      fc.record({ SS: fc.array(fc.string()) }),
      fc.record({ BOOL: fc.boolean() }),
    );
    const row = fc.dictionary(fc.constantFrom(...Object.keys(ROW), "pendingCheckpoint", "entityType"), value);
    fc.assert(
      fc.property(row, (given) => {
        // The generator makes values of every type under every name, which is what a stranger's row may hold.
        const item = given as Record<string, AttributeValue>;
        expect(["lease", "foreign", "unreadable"]).toContain(parseLeaseRow(item).type);
      }),
    );
  });

  test("a new lease reads back as it was made", () => {
    fc.assert(
      fc.property(
        checkpoint,
        fc.uniqueArray(fc.string({ minLength: 1 }), { maxLength: 2 }),
        (at, parents) => {
          const lease = newLease("s0", { checkpoint: at, parentShardIds: parents });
          const parsed = parseLeaseRow(newLeaseRow(lease));
          expect(parsed).toEqual({ type: "lease", lease: leaseWith("s0", { ...lease }) });
        },
      ),
    );
  });
});
