import { KinesisConnectorError, sleep } from "@kinesis-connectors/core";
import type { ShardListFilter } from "../../kinesis/kinesis-api.js";
import type { InitialPosition, LeaseTable, NewLease } from "@kinesis-connectors/leases";
import {
  coverExactly,
  inconsistentShards,
  leasesForEmptyTable,
  leasesForMissingShards,
  shardsAtStart,
} from "./shard-sync.js";
import { listAllShards, type ShardListing } from "./all-shards.js";
import { inParallel } from "../in-parallel.js";

export interface LeaseCreation extends ShardListing {
  readonly table: LeaseTable;
  readonly initialPosition: InitialPosition;
}

// amazon-kinesis-client lists three times, a second apart, before it gives up on a listing that does not cover all hash keys.
const COVER_ATTEMPTS = 3;
const COVER_PAUSE_MS = 1_000;
const EMPTY_POLL_MS = 500;
const MAX_IN_FLIGHT = 20;

/**
 * Start of an application: creates the first leases unless some exist. Workers that find the table empty wait a random time, so that
 * mostly one of them lists; the one that created the table does not wait. Resolves with the leases created.
 */
export async function createFirstLeases(
  creation: LeaseCreation,
  wait: { readonly upToMs: number },
): Promise<readonly string[]> {
  const { table, clock, random, signal } = creation;
  const endMs = clock.monotonicNow() + Math.floor(random.next() * wait.upToMs);
  for (;;) {
    if ((await table.list()).length > 0) return [];
    const leftMs = endMs - clock.monotonicNow();
    if (leftMs <= 0) break;
    await sleep(clock, Math.min(leftMs, EMPTY_POLL_MS), signal);
    if (signal.aborted) return [];
  }
  const filter = filterOf(creation.initialPosition);
  for (let attempt = 1; ; attempt += 1) {
    const nowMs = clock.now();
    const shards = shardsAtStart(await listAllShards(creation, filter), creation.initialPosition);
    if (coverExactly(shards)) {
      const { initialPosition } = creation;
      return await create(table, leasesForEmptyTable(shards, { initialPosition, nowMs }));
    }
    if (attempt === COVER_ATTEMPTS)
      throw new KinesisConnectorError(
        "KC_READ_REFUSED",
        `the stream lists ${shards.length} shards that do not cover all hash keys exactly once; it may be resharding: start again in a minute`,
      );
    await sleep(clock, COVER_PAUSE_MS, signal);
    if (signal.aborted) return [];
  }
}

/**
 * Creates the leases that are missing beside existing ones. A listing taken during a reshard creates none: the next one will. LATEST
 * means the moment at which the application's first leases were created, as far as a row still tells: a shard without a lease has not
 * been read since.
 */
export async function createMissingLeases(creation: LeaseCreation): Promise<readonly string[]> {
  const { table, clock, initialPosition } = creation;
  let nowMs = clock.now();
  const shards = await listAllShards(creation);
  if (inconsistentShards(shards).length > 0) return [];
  const leases = await table.list();
  for (const { startTimestampMs } of leases) nowMs = Math.min(nowMs, startTimestampMs ?? nowMs);
  const leased = new Set(leases.map(({ leaseKey }) => leaseKey));
  return await create(table, leasesForMissingShards(shards, leased, { initialPosition, nowMs }));
}

async function create(table: LeaseTable, leases: readonly NewLease[]): Promise<readonly string[]> {
  const created: string[] = [];
  await inParallel(leases, MAX_IN_FLIGHT, async (lease) => {
    if (await table.create(lease)) created.push(lease.leaseKey);
  });
  return created;
}

function filterOf(position: InitialPosition): ShardListFilter {
  switch (position.type) {
    case "trim-horizon":
      return { type: "at-trim-horizon" };
    case "latest":
      return { type: "at-latest" };
    default:
      return { type: "at-timestamp", timestampMs: position.timestampMs };
  }
}
