import { type Intercept, type LeaseTable, type MemoryLeases, memoryLeases } from "@kinesis-connectors/leases";
import type { TestFunctions } from "@kinesis-connectors/testkit";
import type { LeaseTableContract, LeaseTableUnderTest } from "@kinesis-connectors/testkit/leases";

/** Rows in memory as the rows of a server that outlives its clients: every obligation can be shown on them. */
export interface MemorySetup extends LeaseTableUnderTest {
  readonly leases: MemoryLeases;
  /** What happens to calls of the table from now on. */
  intercept: Intercept;
}

/** Makes the table of a client over the rows. */
export type MakeTable = (leases: MemoryLeases, intercept: Intercept) => LeaseTable;

export function memoryContract(
  functions: TestFunctions,
  make: MakeTable = (leases, intercept) => leases.connect(intercept),
  more: Partial<LeaseTableContract<MemorySetup>> = {},
): LeaseTableContract<MemorySetup> {
  return {
    ...functions,
    name: "memoryLeases",
    create: () => {
      const leases = memoryLeases();
      const setup: MemorySetup = {
        leases,
        intercept: () => undefined,
        table: make(leases, (call) => setup.intercept(call)),
      };
      return Promise.resolve(setup);
    },
    connect: ({ leases }) => make(leases, () => undefined),
    answerLost: (setup) => {
      let hasFired = false;
      setup.intercept = ({ operation }) => {
        if (hasFired || operation !== "update") return undefined;
        hasFired = true;
        return { type: "lose-reply" };
      };
      return () => hasFired;
    },
    restart: ({ leases }) => make(leases, () => undefined),
    setCounter: (setup, leaseKey, counter) => {
      const row = setup.leases.rows.get(leaseKey);
      if (row !== undefined) setup.leases.rows.set(leaseKey, { ...row, counter });
      return setup.table;
    },
    ...more,
  };
}
