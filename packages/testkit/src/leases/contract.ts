import type { LeaseTable } from "@kinesis-connectors/leases";
import type { ArrangeFault, Excluded, TestFunctions } from "../contract/contract.js";

/** What one test works with: a table of its own, empty and not opened yet. Disposed of when the test ends. */
export interface LeaseTableUnderTest extends Partial<AsyncDisposable> {
  readonly table: LeaseTable;
}

/** A lease table, its store, and what can be made of both. What a store does not know is left out with `excluded("why")`. */
export interface LeaseTableContract<Setup extends LeaseTableUnderTest> extends TestFunctions {
  /** The table's name, for the name of the suite. */
  readonly name: string;
  /** A fresh table: called once per test. */
  readonly create: () => Promise<Setup & LeaseTableUnderTest>;
  /**
   * Another client of the same rows, as a second process has it: a table of its own, with a connection of its own. The contract opens it. Left out,
   * both sides of a race share one table.
   */
  readonly connect: ((setup: Setup) => LeaseTable | Promise<LeaseTable>) | Excluded;
  /**
   * The server of the store stops between a request and its answer: the next update may be carried out or not, and its answer never comes. Has fired
   * when the request had come in. The store answers again afterwards, by itself or because the function has seen to it.
   */
  readonly answerLost: ArrangeFault<Setup> | Excluded;
  /** Stops the store and starts it again, and gives a table over it. The contract opens the table. */
  readonly restart: ((setup: Setup) => LeaseTable | Promise<LeaseTable>) | Excluded;
  /** Writes a counter into a row past the table, and gives a table that sees it, open. There is no other way to a counter of billions. */
  readonly setCounter:
    | ((setup: Setup, leaseKey: string, counter: number) => LeaseTable | Promise<LeaseTable>)
    | Excluded;
  /** Leases that are listed at once. Default 3,000, the tested limit of one application. */
  readonly manyLeases?: number;
  /** Defines further tests inside of the suite. */
  readonly additional?: () => void;
}
