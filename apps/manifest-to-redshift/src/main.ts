import { readFlags, runApp, UsageError, wholeNumberFlag } from "@kinesis-connectors/app-seed-stream";
import { isRight } from "./readings.js";
import { ADDRESSES_VARIABLE, run } from "./run.js";
import { type Addresses, startStageTwo } from "./stages.js";

const USAGE = `npm run manifest-to-redshift -- [--records N] [--shards N] [--seed N] [--processes 1|2] [--json]
Starts AWS on loopback and two stages. Stage one writes the readings of a stream to S3 and puts the URL of each object into a second
stream; stage two gathers URLs and loads many objects in one transaction. Compares the table with what was put: each reading once.
  --records N      how many readings (default 20000)
  --shards N       shards of each stream (default 2)
  --seed N         seed of the generated readings (default 1)
  --processes N    2 runs stage two in a process of its own (default 1)
  --json           the last line on standard output is one JSON object`;

await runApp("manifest-to-redshift", async () => {
  const flags = readFlags({
    options: {
      records: { type: "string", default: "20000" },
      shards: { type: "string", default: "2" },
      seed: { type: "string", default: "1" },
      processes: { type: "string", default: "1" },
      "stage-two": { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (flags.help) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  if (flags["stage-two"]) {
    await using stage = await startStageTwo(JSON.parse(process.env[ADDRESSES_VARIABLE] ?? "{}") as Addresses);
    process.once("SIGTERM", () => void stage.stop());
    await stage.done;
    return 0;
  }
  if (flags.processes !== "1" && flags.processes !== "2")
    throw new UsageError(`--processes takes 1 or 2, but got ${JSON.stringify(flags.processes)}`);
  const result = await run({
    records: wholeNumberFlag("records", flags.records),
    shards: wholeNumberFlag("shards", flags.shards),
    seed: wholeNumberFlag("seed", flags.seed, 0),
    stageTwoProgram: flags.processes === "2" ? process.argv[1] : undefined,
  });
  const { put, landed, objects, loaded, loads, seconds } = result;
  const right = isRight(put, landed) && objects === loaded;
  process.stdout.write(
    [
      `records in the stream   ${put.rows}`,
      `objects in S3           ${objects}, of which ${loaded} are in the ledger, in ${loads} loads`,
      `rows in the table       ${landed.rows}, of ${landed.ids} readings`,
      `sums put and landed     ${put.idSum}/${put.valueSum} and ${landed.idSum}/${landed.valueSum}`,
      `wall time               ${seconds.toFixed(2)} s, ${Math.round(put.rows / seconds)} records/s put, archived and loaded`,
      right ? "the table is what the stream says" : "THE TABLE IS NOT WHAT THE STREAM SAYS",
      "",
    ].join("\n"),
  );
  if (flags.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  return right ? 0 : 1;
});
