import { memoryLeases } from "@kinesis-connectors/leases";
import { excluded } from "@kinesis-connectors/testkit";
import { describeLeaseTable } from "@kinesis-connectors/testkit/leases";
import { describe, it } from "vitest";

describeLeaseTable({
  describe,
  it,
  name: "memoryLeases",
  create: () => {
    const leases = memoryLeases();
    return Promise.resolve({ leases, table: leases.connect() });
  },
  connect: ({ leases }) => leases.connect(),
  answerLost: excluded("memory always answers"),
  restart: excluded("memory goes with its process"),
  setCounter: ({ leases, table }, leaseKey, counter) => {
    const row = leases.rows.get(leaseKey);
    if (row !== undefined) leases.rows.set(leaseKey, { ...row, counter });
    return table;
  },
});
