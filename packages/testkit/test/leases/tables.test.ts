import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileLeases } from "@kinesis-connectors/leases";
import { excluded } from "@kinesis-connectors/testkit";
import { describeLeaseTable } from "@kinesis-connectors/testkit/leases";
import { describe, it } from "vitest";
import { memoryContract } from "./memory-contract.js";

// Each of thousands of rows is on the disk before it counts.

describeLeaseTable(memoryContract({ describe, it }));

describeLeaseTable({
  describe,
  it,
  name: "fileLeases",
  create: async () => {
    const folder = await mkdtemp(join(tmpdir(), "leases-"));
    return {
      folder,
      table: fileLeases({ folder }),
      [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
    };
  },
  connect: excluded("a folder belongs to one process"),
  answerLost: excluded("a disk answers, or the process is gone with it"),
  restart: ({ folder, table }) => {
    table.close?.();
    return fileLeases({ folder });
  },
  setCounter: async ({ folder, table }, leaseKey, counter) => {
    table.close?.();
    const file = join(folder, `${leaseKey}.json`);
    await writeFile(file, JSON.stringify({ ...JSON.parse(await readFile(file, "utf8")), counter }));
    await table.open();
    return table;
  },
});
