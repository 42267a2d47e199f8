// A child as a user writes it; its records become files of a folder, each of which is made once. It prints where nothing must be printed.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { definePipeline, text } from "@kinesis-connectors/core";
import { fileLeases } from "@kinesis-connectors/leases";
import { runKclChild } from "../../../dist/index.js";

const [journal, landing, pace] = process.argv.slice(2);
const pause = () => new Promise((resolve) => setTimeout(resolve, 300));
const forever = () => new Promise(() => setInterval(() => undefined, 1000));

await runKclChild({
  application: "files",
  leaseTable: fileLeases({ folder: journal }),
  pipeline: definePipeline({
    transformer: text(),
    buffer: { maxRecords: 4 },
    emitter: {
      capabilities: { duplicates: "none", ordering: "shard" },
      plan: ({ first, last }) => ({ name: `${first.sequenceNumber}-${last.sequenceNumber}` }),
      emit: async ({ entries }, { plan }) => {
        console.log("a line of an application");
        process.stdout.write("and half a line");
        if (pace === "slow") await pause();
        if (pace === "stuck") await forever();
        writeFileSync(join(landing, plan.name), entries.map(({ output }) => `${output}\n`).join(""));
        return { failed: [] };
      },
    },
  }),
  logger: console,
});
