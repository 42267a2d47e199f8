import { existsSync, readdirSync } from "node:fs";
import {
  adminPort,
  inputFile,
  optional,
  recordCount,
  SAMPLE_FLAGS,
  text,
  toggle,
  UsageError,
  wholeNumber,
} from "@kinesis-connectors/app-sample";

/** What `npm run demo -- --help` prints. */
export const USAGE = `npm run demo -- [--records N] [--shards N] [--threads N] [--input FILE] [--keep DIR] [--seed N] [--admin PORT] [--console] [--json]
Starts AWS on loopback, creates a stream, puts records while a connector archives them to S3, reads every object back and compares.
  --records N   how many generated click events (default 100000)
  --shards N    shards of the stream (default 4)
  --threads N   runs the pipeline in N worker threads (default: in the main thread)
  --input FILE  puts each line of a file instead (JSON or plain text); - reads standard input
  --keep DIR    keeps the objects there as plain files; DIR must be empty or new
  --seed N      seed of the generated clicks (default 1)
  --admin PORT  serves health, metrics and state on loopback while it runs; 0 takes a free port
  --console     prints where the console shows it in a browser, and goes on with clicks until Ctrl-C
  --json        the last line on standard output is one JSON object`;

/** The flags of the demo. */
export const FLAGS = {
  ...SAMPLE_FLAGS,
  shards: wholeNumber(4, { max: 200 }),
  records: optional(recordCount(100_000)),
  threads: optional(wholeNumber(1, { max: 64 })),
  input: inputFile,
  keep: text,
  admin: adminPort,
  console: toggle,
} as const;

/** The flags, checked against each other. */
export interface DemoOptions {
  readonly records: number;
  readonly shards: number;
  readonly threads: number | undefined;
  readonly input: string | undefined;
  readonly keep: string | undefined;
  readonly seed: number;
  /** Where it is watched; undefined for nowhere. */
  readonly admin: number | undefined;
  /** Whether it is shown in a browser, and goes on until it is stopped. */
  readonly console: boolean;
}

/** @throws UsageError naming the flag and what it takes */
export function optionsFrom({
  records,
  ...others
}: Omit<DemoOptions, "records"> & { readonly records: number | undefined }): DemoOptions {
  if (others.input !== undefined && records !== undefined)
    throw new UsageError("--records and --input exclude each other: a file's lines are all put");
  if (others.keep !== undefined) requireEmpty(others.keep);
  return { ...others, records: records ?? 100_000 };
}

function requireEmpty(path: string): void {
  if (path === "") throw new UsageError("--keep names no folder");
  try {
    if (existsSync(path) && readdirSync(path).length > 0)
      throw new UsageError(`--keep: ${path} is not empty`);
  } catch (thrown) {
    if (thrown instanceof UsageError) throw thrown;
    throw new UsageError(`--keep: ${path} is not a folder that can be read`);
  }
}
