import { runSample, SAMPLE_FLAGS, UsageError, wholeNumber } from "@kinesis-connectors/app-sample";
import { runDaemon } from "./daemon/daemon-run.js";
import { DAEMON_VERSION, daemonSide } from "./java/daemon-side.js";
import { JavaMissing } from "./java/maven.js";

const USAGE = `npm run kcl-daemon -- [--kills N] [--per-second N] [--shards N] [--json]
Runs a pipeline as the child of the real MultiLangDaemon of the Java KCL, on packages/local: records are put all the time, the daemon is killed (kill -9)
and started again, a shard is split, and in the end what landed in S3 is compared with what was put. Needs Java 17 and Maven, which fetches the daemon
once. Three kills take about five minutes on two busy cores; most of it is the daemon starting.
  --kills N       how often the daemon is killed (default 3)
  --per-second N  records put a second (default 50)
  --shards N      shards at the beginning (default 2)
  --json          the last line on standard output is one JSON object`;

await runSample("kcl-daemon", {
  usage: USAGE,
  flags: {
    json: SAMPLE_FLAGS.json,
    kills: wholeNumber(3, { min: 0, max: 20 }),
    "per-second": wholeNumber(50, { min: 1, max: 2_000 }),
    shards: wholeNumber(2, { min: 1, max: 20 }),
  },
  run: async ({ kills, "per-second": perSecond, shards }, { signal }) => {
    const say = (line: string): void => void process.stderr.write(`${line}\n`);
    try {
      const side = await daemonSide(say);
      const run = await runDaemon({ side, kills, perSecond, shards, signal, say });
      const result = { daemon: DAEMON_VERSION, ...run };
      const { lost, duplicated, outOfOrder, stopped } = result;
      return {
        lines: Object.entries(result).map(([label, figure]) => [label, String(figure)]),
        isRight: lost + duplicated + outOfOrder === 0 && stopped,
        says: [
          "each record landed once, in order",
          "THE ARCHIVE IS NOT WHAT WAS PUT, OR THE DAEMON DID NOT STOP",
        ],
        result,
      };
    } catch (error) {
      if (!(error instanceof JavaMissing)) throw error;
      throw new UsageError(error.message);
    }
  },
});
