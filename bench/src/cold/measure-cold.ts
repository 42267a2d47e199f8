import { pathOf, type Pinning, runNode, startServer } from "../processes.js";
import { spread } from "../rows/spread.js";
import { streamName } from "../servers/answers.js";
import type { Endpoints } from "../servers/canned-server.js";
import type { SetName } from "../data/data-sets.js";
import type { ColdFigure } from "./cold-figure.js";
import { beside } from "./published.js";

interface ColdProcess extends Pick<ColdFigure, "name" | "label" | "unit"> {
  /** What the process does, by its name there. */
  readonly mode: string;
  readonly set: SetName;
  /** Whether our packages are loaded out of this checkout, a file for each module. Default: as they are published. */
  readonly isCheckout?: boolean;
  /** Instead of as often as the others: it takes long, and comes to the same each time. */
  readonly rounds?: number;
}

const PROCESSES: readonly ColdProcess[] = [
  {
    name: "import",
    mode: "import",
    label: "import of core, consumer and s3 as published, CPU above bare Node",
    unit: "ms",
    set: "idle",
  },
  {
    name: "import-checkout",
    mode: "import",
    label: "the same out of a checkout, a file for each module",
    unit: "ms",
    set: "idle",
    isCheckout: true,
  },
  {
    name: "import-sdk",
    mode: "import-sdk",
    label: "import of the SDK's clients of Kinesis, DynamoDB and S3, the same",
    unit: "ms",
    set: "idle",
  },
  {
    name: "first-records",
    mode: "first-records",
    label: "connector until its first GetRecords was answered, leases in DynamoDB, the same",
    unit: "ms",
    set: "varied-10",
  },
  {
    name: "first-records-checkout",
    mode: "first-records",
    label: "the same out of a checkout",
    unit: "ms",
    set: "varied-10",
    isCheckout: true,
  },
  {
    name: "first-records-sdk",
    mode: "first-records-sdk",
    label: "the SDK's clients of Kinesis and DynamoDB until theirs was, the same",
    unit: "ms",
    set: "varied-10",
  },
  {
    name: "idle-rss",
    mode: "idle-rss",
    label: "worker with 64 idle shards, leases in DynamoDB, peak RSS of its first 15 s",
    unit: "MB",
    set: "idle-64",
    rounds: 1,
  },
  {
    name: "idle-rss-checkout",
    mode: "idle-rss",
    label: "the same out of a checkout",
    unit: "MB",
    set: "idle-64",
    isCheckout: true,
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
  const program = pathOf("cold/cold-process.js");
  using published = beside(program);
  const server = await startServer("server-process.js", pinning.server);
  const dynamoDb = await startServer("dynamodb-process.js", pinning.server);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const { clear } = server.said as Endpoints;
  const run = async (mode: string, set: SetName, isCheckout = false): Promise<Said> => {
    const given = [mode, clear, String(dynamoDb.said), streamName(set, "measured")];
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return (await runNode(isCheckout ? program : published.path, given, pinning.row)) as Said;
  };
  try {
    const values = new Map<string, number[]>(PROCESSES.map(({ name }) => [name, []]));
    for (let round = 1; round <= rounds; round += 1) {
      report(`beginning, round ${round}`);
      const bare = await run("bare", "idle");
      for (const { name, mode, unit, set, isCheckout, rounds: ownRounds = rounds } of PROCESSES) {
        if (round > ownRounds) continue;
        const { cpuMs, peakRssMb } = await run(mode, set, isCheckout);
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
