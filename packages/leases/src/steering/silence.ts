import { type Clock, sleep, wholeNumber } from "@kinesis-connectors/core";
import type { Lease } from "../lease.js";
import type { LeaseTable } from "../lease-table.js";
import { withEach } from "./chosen-rows.js";

/** The default of workers, and of the KCL. */
const DEFAULT_FAILOVER_MS = 10_000;

/** A renewal that was on its way when the owner died has arrived by then. */
const MARGIN_MS = 2_000;
const LOOK_MS = 2_000;

/**
 * The option `failoverTimeMs`, or its default.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`
 */
export function failoverTimeOf(failoverTimeMs: number | undefined): number {
  return wholeNumber("failoverTimeMs", failoverTimeMs ?? DEFAULT_FAILOVER_MS, { min: 300 });
}

/** How long the counter of a row must stand still for its owner to count as dead. */
export function silenceMs(failoverTimeMs: number): number {
  return failoverTimeMs + MARGIN_MS;
}

/**
 * Finds out which of the rows nobody renews, by two reads `silenceMs` apart; sooner when all of them turn out to be renewed.
 *
 * @returns the rows as they were read last, by shard, of those whose counter and owner have stood still
 */
export async function silentRows(
  rows: readonly Lease[],
  {
    table,
    clock,
    failoverTimeMs,
  }: { readonly table: LeaseTable; readonly clock: Clock; readonly failoverTimeMs: number },
): Promise<ReadonlyMap<string, Lease>> {
  let still = rows;
  const endMs = clock.monotonicNow() + silenceMs(failoverTimeMs);
  for (
    let leftMs = silenceMs(failoverTimeMs);
    still.length > 0 && leftMs > 0;
    leftMs = endMs - clock.monotonicNow()
  ) {
    await sleep(clock, Math.min(LOOK_MS, leftMs));
    const now = new Map((await table.list()).map((row) => [row.leaseKey, row]));
    // A list may be behind: what it shows as changed has changed, and the rest is read for certain in the end.
    still = still.filter((row) => !hasMoved(row, now.get(row.leaseKey)));
  }
  const last = await withEach(still, async (row) => [row, await table.get(row.leaseKey)] as const);
  return new Map(
    last.flatMap(([row, now]) =>
      now === undefined || hasMoved(row, now) ? [] : [[row.leaseKey, now] as const],
    ),
  );
}

function hasMoved(before: Lease, now: Lease | undefined): boolean {
  return now === undefined || now.counter !== before.counter || now.owner !== before.owner;
}
