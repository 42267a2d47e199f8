import assert from "node:assert/strict";
import type { Lease, LeaseChange, LeaseTable, NewLease } from "@kinesis-connectors/leases";
import { isExcluded } from "../contract/contract.js";
import type { LeaseTableContract, LeaseTableUnderTest } from "./contract.js";

/** Defines one test with a table of its own, open unless told otherwise, which is closed and disposed of in the end. */
export function test<Setup extends LeaseTableUnderTest>(
  contract: LeaseTableContract<Setup>,
  name: string,
  run: (table: LeaseTable, setup: Setup) => Promise<void>,
  { opens = true }: { readonly opens?: boolean } = {},
): void {
  contract.it(name, async () => {
    const setup = await contract.create();
    try {
      if (opens) await setup.table.open();
      await run(setup.table, setup);
    } finally {
      try {
        setup.table.close?.();
      } finally {
        await setup[Symbol.asyncDispose]?.();
      }
    }
  });
}

/** Runs with a second client of the rows, open; with the table itself where there can be no other. */
export async function withSecond<Setup extends LeaseTableUnderTest>(
  { connect }: LeaseTableContract<Setup>,
  setup: Setup,
  run: (second: LeaseTable) => Promise<void>,
): Promise<void> {
  if (isExcluded(connect)) {
    await run(setup.table);
    return;
  }
  const second = await connect(setup);
  await second.open();
  try {
    await run(second);
  } finally {
    if (second !== setup.table) second.close?.();
  }
}

/** A new lease of a shard that holds all hash keys, unless told otherwise. */
export function newLease(leaseKey: string, more: Partial<NewLease> = {}): NewLease {
  return {
    leaseKey,
    checkpoint: "TRIM_HORIZON",
    parentShardIds: [],
    hashKeyRange: { startingHashKey: "0", endingHashKey: `${2n ** 128n - 1n}` },
    ...more,
  };
}

/** The row, which must be there. */
export async function rowOf(table: LeaseTable, leaseKey: string): Promise<Lease> {
  const row = await table.get(leaseKey);
  assert.ok(row !== undefined, `there is no row ${leaseKey}`);
  return row;
}

/** Changes the row as it was seen, which must succeed; gives the row after it. */
export async function apply(table: LeaseTable, seen: Lease, change: LeaseChange): Promise<Lease> {
  const outcome = await table.update(seen, change);
  assert.equal(outcome.type, "applied", `${change.type} of the row as it was just read`);
  return await rowOf(table, seen.leaseKey);
}

/** Takes the row as it is now. */
export async function take(table: LeaseTable, leaseKey: string, owner: string): Promise<Lease> {
  return await apply(table, await rowOf(table, leaseKey), { type: "take", owner });
}

/** Creates a row and takes it. */
export async function takeNew(table: LeaseTable, leaseKey = "s0", owner = "a"): Promise<Lease> {
  assert.equal(await table.create(newLease(leaseKey)), true, "the row was created");
  return await take(table, leaseKey, owner);
}

/** A row to be compared: lists without an order in one, bytes as an array of numbers. */
export function plain(row: Lease): unknown {
  const { pending } = row;
  return {
    ...row,
    parentShardIds: row.parentShardIds.toSorted(),
    childShardIds: row.childShardIds.toSorted(),
    pending: pending && { ...pending, state: pending.state && [...pending.state] },
  };
}

export function sameRows(actual: Lease, expected: Lease, message?: string): void {
  assert.deepEqual(plain(actual), plain(expected), message);
}

/** A place in a shard. */
export function at(
  sequenceNumber: number | string,
  subSequenceNumber = 0,
): { readonly sequenceNumber: string; readonly subSequenceNumber: number } {
  return { sequenceNumber: `${sequenceNumber}`, subSequenceNumber };
}
