import { runSample, SAMPLE_FLAGS, wholeNumber } from "@kinesis-connectors/app-sample";
import { runCommits } from "./commits.js";

const USAGE = `npm run iceberg-commits -- [--commits N] [--writers N] [--rows N] [--json]
Lets writers commit to one table of an Iceberg catalog on loopback, and tells what it takes to load the table as commits add up.
  --commits N   how many commits (default 1000)
  --writers N   writers, each a shard of its own and none knowing of the others (default 4)
  --rows N      rows of each commit (default 10)
  --json        the last line on standard output is one JSON object`;

/** The load of the last part may take so many times that of the first: timings of a busy machine, and no growth by tens. */
const MAX_GROWTH = 10;

await runSample("iceberg-commits", {
  usage: USAGE,
  flags: {
    json: SAMPLE_FLAGS.json,
    commits: wholeNumber(1_000, { max: 100_000 }),
    writers: wholeNumber(4, { max: 64 }),
    rows: wholeNumber(10, { max: 10_000 }),
  },
  run: async (flags, running) => {
    const result = await runCommits(flags, running);
    const { milestones, rows, read, conflicts, seconds } = result;
    const [first] = milestones;
    const last = milestones.at(-1);
    const isFlat = (last?.loadMs ?? 0) <= MAX_GROWTH * (first?.loadMs ?? 0);
    return {
      lines: [
        ...milestones.map(
          ({ commits, loadMs, loadBytes, manifests, listBytes, commitMs }) =>
            [
              `after ${commits} commits`,
              `load ${loadMs.toFixed(1)} ms (${loadBytes} bytes), ${manifests} manifests (list of ${listBytes} bytes), a commit ${commitMs.toFixed(0)} ms`,
            ] as const,
        ),
        ["commits refused because another was ahead", conflicts],
        ...read.map(
          ({ reader, rows: found, lost, duplicated }) =>
            [reader, `${found} rows, ${lost} lost, ${duplicated} duplicated`] as const,
        ),
        ["wall time", `${seconds.toFixed(1)} s`],
      ],
      isRight: isFlat && read.every((one) => one.rows === rows && one.lost + one.duplicated === 0),
      says: [
        "every row is there once, and the table loads as at the beginning",
        "ROWS ARE NOT THERE ONCE, OR LOADING GROWS",
      ],
      result,
    };
  },
});
