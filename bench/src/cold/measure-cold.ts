import { type Pinning, runOwnProcess, startServer } from "../processes.js";
import { spread } from "../rows/spread.js";
import { streamName } from "../servers/answers.js";
import type { Endpoints } from "../servers/canned-server.js";
import type { SetName } from "../data/data-sets.js";
import type { ColdFigure } from "./cold-figure.js";

interface ColdProcess extends Pick<ColdFigure, "name" | "label" | "unit"> {
  readonly set: SetName;
  /** Instead of as often as the others: it takes long, and comes to the same each time. */
  readonly rounds?: number;
}

const PROCESSES: readonly ColdProcess[] = [
  { name: "import", label: "import of core, consumer and s3, CPU above bare Node", unit: "ms", set: "idle" },
  {
    name: "import-sdk",
    label: "import of the SDK's clients of Kinesis, DynamoDB and S3, the same",
    unit: "ms",
    set: "idle",
  },
  {
    name: "first-records",
    label: "connector until its first GetRecords was answered, leases in DynamoDB, the same",
    unit: "ms",
    set: "varied-10",
  },
  {
    name: "first-records-sdk",
    label: "the SDK's clients of Kinesis and DynamoDB until theirs was, the same",
    unit: "ms",
    set: "varied-10",
  },
  {
    name: "idle-rss",
    label: "worker with 64 idle shards, leases in DynamoDB, peak RSS",
    unit: "MB",
    set: "idle-64",
    rounds: 1,
  },
];

interface Said {
  readonly cpuMs: number;
  readonly peakRssMb: number;
}

/** How processes begin, and what one holds that has nothing to do: one after the other, round by round, each round with a bare Node of its own. */
export async function measureCold(
  rounds: number,
  pinning: Pinning,
  report: (step: string) => void,
): Promise<readonly ColdFigure[]> {
  const server = await startServer("server-process.js", pinning.server);
  const dynamoDb = await startServer("dynamodb-process.js", pinning.server);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const { clear } = server.said as Endpoints;
  const run = async (name: string, set: SetName): Promise<Said> => {
    const given = [name, clear, String(dynamoDb.said), streamName(set, "measured")];
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return (await runOwnProcess("cold/cold-process.js", given, pinning.row)) as Said;
  };
  try {
    const values = new Map<string, number[]>(PROCESSES.map(({ name }) => [name, []]));
    for (let round = 1; round <= rounds; round += 1) {
      report(`beginning, round ${round}`);
      const bare = await run("bare", "idle");
      for (const { name, unit, set, rounds: ownRounds = rounds } of PROCESSES) {
        if (round > ownRounds) continue;
        const { cpuMs, peakRssMb } = await run(name, set);
        values.get(name)?.push(unit === "ms" ? cpuMs - bare.cpuMs : peakRssMb);
      }
    }
    return PROCESSES.map(({ name, label, unit }) => ({
      name,
      label,
      unit,
      value: spread(values.get(name) ?? []),
    }));
  } finally {
    await dynamoDb.stop();
    await server.stop();
  }
}
