import type { KinesisConnectorError } from "@kinesis-connectors/core";
import type { Lease } from "../lease.js";
import type { LeaseTable } from "../lease-table.js";

/**
 * A lease table of which no row is handed over that is to be refused. What it writes is written as it is given.
 * @returns a table whose `list` and `get` reject with what `refusalOf` returns for a row
 */
export function checkedTable(
  table: LeaseTable,
  refusalOf: (lease: Lease) => KinesisConnectorError | undefined,
): LeaseTable {
  const check = (lease: Lease): void => {
    const refusal = refusalOf(lease);
    if (refusal !== undefined) throw refusal;
  };
  return {
    open: (signal) => table.open(signal),
    list: async () => {
      const leases = await table.list();
      for (const lease of leases) check(lease);
      return leases;
    },
    get: async (leaseKey) => {
      const lease = await table.get(leaseKey);
      if (lease !== undefined) check(lease);
      return lease;
    },
    create: (lease) => table.create(lease),
    update: (seen, change) => table.update(seen, change),
    describe: (leaseKey, facts) => table.describe(leaseKey, facts),
    remove: (leaseKey) => table.remove(leaseKey),
    fleetMode: () => table.fleetMode(),
    fleet: table.fleet,
    close: () => table.close?.(),
  };
}
