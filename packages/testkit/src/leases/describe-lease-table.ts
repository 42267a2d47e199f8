import { checkOptions, type OptionNames } from "@kinesis-connectors/core";
import { isExcluded } from "../contract/contract.js";
import type { LeaseTableContract, LeaseTableUnderTest } from "./contract.js";
import { facts } from "./obligations/facts.js";
import { handoffs } from "./obligations/handoffs.js";
import { largeNumbers } from "./obligations/large-numbers.js";
import { newRows } from "./obligations/new-rows.js";
import { ownership } from "./obligations/ownership.js";
import { progress } from "./obligations/progress.js";
import { steering } from "./obligations/steering.js";
import { storeFailures } from "./obligations/store-failures.js";
import { twoClients } from "./obligations/two-clients.js";

const NAMES: OptionNames<LeaseTableContract<LeaseTableUnderTest>> = {
  describe: "required",
  it: "required",
  name: "required",
  create: "required",
  connect: "required",
  answerLost: "required",
  restart: "required",
  setCounter: "required",
  manyLeases: true,
  additional: true,
};

/**
 * Defines the tests of everything that a lease table owes its owners, with the caller's own test functions. What a store does not know is left out
 * by declaration (`excluded("why")`), and stands in the name of the suite. Over a network give the tests a minute: some write thousands of rows.
 *
 * @example
 * ```ts
 * describeLeaseTable({
 *   describe,
 *   it,
 *   name: "memoryLeases",
 *   create: () => {
 *     const leases = memoryLeases();
 *     return Promise.resolve({ leases, table: leases.connect() });
 *   },
 *   connect: ({ leases }) => leases.connect(),
 *   answerLost: excluded("memory always answers"),
 *   restart: excluded("memory goes with its process"),
 *   setCounter: excluded("numbers are numbers"),
 * });
 * ```
 * @throws KinesisConnectorError `KC_OPTION_INVALID` for a part that is missing, or that there is none of
 */
export function describeLeaseTable<Setup extends LeaseTableUnderTest>(
  contract: LeaseTableContract<Setup>,
): void {
  checkOptions("describeLeaseTable", contract, NAMES);
  const { connect, answerLost, restart, setCounter } = contract;
  const exclusions = Object.entries({ connect, answerLost, restart, setCounter }).flatMap(([name, part]) =>
    isExcluded(part) ? [`${name} (${part.excluded})`] : [],
  );
  const without = exclusions.length === 0 ? "" : `, without ${exclusions.join(", ")}`;
  contract.describe(`${contract.name} keeps the contract of lease tables${without}`, () => {
    newRows(contract);
    ownership(contract);
    handoffs(contract);
    progress(contract);
    facts(contract);
    steering(contract);
    twoClients(contract);
    largeNumbers(contract);
    storeFailures(contract);
    contract.additional?.();
  });
}
