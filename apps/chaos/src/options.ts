import { type Flag, oneOf, SAMPLE_FLAGS, UsageError, wholeNumber } from "@kinesis-connectors/app-sample";

/** What `npm run chaos -- --help` prints. */
export const USAGE = `npm run chaos -- [--workers N] [--shards N] [--seconds N] [--seed N] [--retrieval polling|fan-out] [--rate N]
              [--threads N] [--lease-table dynamodb|postgres|mysql|redis|URL|file:FOLDER] [--leases-mode auto|2x|3x] [--proxy none|surplus] [--json]
Real worker processes archive a stream to S3, all on loopback, while a seeded schedule kills them, pauses them, splits and merges shards,
throttles, resets connections and loses replies; then everything drains and is compared with what was put.
  --workers N    worker processes (default 3)
  --shards N     shards to begin with (default 8)
  --seconds N    how long things go wrong (default 60)
  --seed N       of the schedule and of the faults (default 1)
  --retrieval R  polling (default) or fan-out
  --rate N       records put per second (default 500)
  --threads N    worker threads in each process (default 0: none)
  --lease-table T  dynamodb (default); postgres, mysql or redis: a server of Debian in a temporary folder, which is killed and started again all the while;
                 the URL of such a server, which is left alone; or file:FOLDER: a new folder within it, with --workers 1, since such a table is for one
                 process at a time; a killed worker's successor takes it over
  --leases-mode M  how the workers share the shards: auto (default) or 2x, by themselves; 3x, as one of them assigns them
  --proxy P      none (default), or surplus: between workers and Kinesis and DynamoDB stand proxies that send some answers once or twice more
  --json         the last line on standard output is one JSON object`;

/** Where the leases are. */
export type LeaseTableFlag =
  | { readonly type: "dynamodb" }
  | { readonly type: "server"; readonly server: "postgres" | "mysql" | "redis" }
  | { readonly type: "url"; readonly url: string }
  | { readonly type: "folder"; readonly folder: string };

const FILE = "file:";
const SERVER_URL = /^(?:postgres|postgresql|mysql|mariadb|rediss?|valkeys?):\/\/./;

const leaseTable: Flag<LeaseTableFlag> = {
  type: "string",
  read: (given, name) => {
    if (given === undefined || given === "dynamodb") return { type: "dynamodb" };
    if (given === "postgres" || given === "mysql" || given === "redis")
      return { type: "server", server: given };
    if (typeof given === "string" && SERVER_URL.test(given)) return { type: "url", url: given };
    if (typeof given === "string" && given.startsWith(FILE) && given.length > FILE.length)
      return { type: "folder", folder: given.slice(FILE.length) };
    // Perhaps a URL, with a password.
    throw new UsageError(
      `--${name} takes dynamodb, postgres, mysql, redis, a URL of one of the three, or file:FOLDER`,
    );
  },
};

/** The flags of the chaos run. */
export const FLAGS = {
  ...SAMPLE_FLAGS,
  workers: wholeNumber(3, { max: 64 }),
  shards: wholeNumber(8, { max: 200 }),
  seconds: wholeNumber(60, { max: 86_400 }),
  retrieval: oneOf("polling", "fan-out"),
  rate: wholeNumber(500, { max: 100_000 }),
  threads: wholeNumber(0, { min: 0, max: 64 }),
  "lease-table": leaseTable,
  "leases-mode": oneOf("auto", "2x", "3x"),
  proxy: oneOf("none", "surplus"),
} as const;

/** The flags, read. */
export interface ChaosOptions {
  readonly workers: number;
  readonly shards: number;
  readonly seconds: number;
  readonly seed: number;
  readonly retrieval: "polling" | "fan-out";
  readonly rate: number;
  readonly threads: number;
  readonly "lease-table": LeaseTableFlag;
  readonly "leases-mode": "auto" | "2x" | "3x";
  readonly proxy: "none" | "surplus";
}

/**
 * Refuses flags that do not go together.
 * @throws UsageError
 */
export function checkTogether(options: ChaosOptions): void {
  const { workers, "lease-table": table, "leases-mode": mode } = options;
  if (table.type === "folder" && workers !== 1)
    throw new UsageError(
      "--lease-table file:... is for one process at a time: give --workers 1 with it, and --threads to share the work",
    );
  if (table.type !== "dynamodb" && mode === "3x")
    throw new UsageError(
      "--leases-mode 3x needs the rows of a fleet, which DynamoDB alone has: leave out one of them",
    );
}
