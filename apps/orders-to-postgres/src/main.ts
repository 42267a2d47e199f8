import {
  rate,
  recordCount,
  runSample,
  SAMPLE_FLAGS,
  text,
  wholeNumber,
} from "@kinesis-connectors/app-sample";
import { isRight } from "./check.js";
import { run } from "./run.js";

const USAGE = `npm run orders-to-postgres -- [--records N] [--shards N] [--seed N] [--kills N] [--postgres URL] [--json]
Starts AWS on loopback and PostgreSQL (PGlite, where it is not installed), puts orders into a stream while a connector writes them into a table, and compares
the table with what was put: each order once. Orders of nothing are refused by the table, and land in a table of dead letters, each once.
  --records N     how many orders (default 20000)
  --shards N      shards of the stream (default 2)
  --seed N        seed of the generated orders (default 1)
  --kills N       kills the worker, a process of its own then, so often in the middle of its work (default 0)
  --postgres URL  a server of yours in place of one of its own; it makes the tables orders, dead_letters and kc_positions anew
  --json          the last line on standard output is one JSON object`;

await runSample("orders-to-postgres", {
  usage: USAGE,
  flags: {
    ...SAMPLE_FLAGS,
    records: recordCount(20_000),
    kills: wholeNumber(0, { min: 0, max: 100 }),
    postgres: text,
  },
  run: async (flags, running) => {
    const result = await run(flags, running);
    const { put, landed, lost, duplicated, wrong, deadLetters, server, kills, takenOver, seconds } = result;
    return {
      lines: [
        ["server", server],
        ["put", put],
        ["landed", `${landed}, and ${deadLetters} dead letters`],
        ["lost", lost],
        ["duplicated", duplicated],
        ["not what was put", wrong],
        ["workers killed", `${kills}, whose successors ended ${takenOver} batches of theirs`],
        ["stream to table", rate(put, seconds, "rows")],
      ],
      isRight: isRight(result),
      says: ["the table is what the stream says", "THE TABLE IS NOT WHAT THE STREAM SAYS"],
      result,
    };
  },
});
