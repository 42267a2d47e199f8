import type { Measured, Window } from "./meter.js";
import { type Pinning, runRowProcess, startServer } from "../processes.js";
import { type Row, rowName } from "./variant.js";

/** What the rounds of one row came to. */
export interface RowResult {
  readonly row: Row;
  readonly rounds: readonly Measured[];
  /** Whether the bytes that passed were right; undefined where nothing passes that could be compared. */
  readonly isEqual: boolean | undefined;
}

/** How the rows are measured. */
export interface RoundsOptions {
  readonly rounds: number;
  readonly window: Window;
  readonly pinning: Pinning;
  /** Told of each step, for those who wait. */
  readonly report: (step: string) => void;
}

/**
 * Checks every row, then measures all of them round by round: each round runs every row once, in a process of its own, so that what
 * else the machine does falls upon all of them alike.
 * @throws when a row fails, or its bytes are not the right ones: a fast wrong answer has no speed
 */
export async function runRounds(rows: readonly Row[], options: RoundsOptions): Promise<readonly RowResult[]> {
  const { rounds, window, pinning, report } = options;
  const kinesis = await startServer("server-process.js", pinning.server);
  const s3 = rows.some(({ variant }) => variant.needsS3 === true)
    ? await startServer("s3-process.js", pinning.server)
    : undefined;
  try {
    const servers = JSON.stringify({ endpoints: kinesis.said, s3: s3?.said });
    const run = (row: Row, task: string): Promise<unknown> =>
      runRowProcess([rowName(row), servers, task], row.variant.needsAllCores === true ? [] : pinning.row);
    const checks = new Map<Row, boolean | undefined>();
    for (const row of rows) {
      if (row.variant.expected === undefined) continue;
      report(`check ${rowName(row)}`);
      const { isEqual } = asCheck(await run(row, "check"));
      if (isEqual === false)
        throw new Error(`${rowName(row)}: the bytes that passed are not those of the set`);
      checks.set(row, isEqual);
    }
    const measured = new Map<Row, Measured[]>(rows.map((row) => [row, []]));
    for (let round = 1; round <= rounds; round += 1) {
      for (const row of rows) {
        report(`round ${round} of ${rounds}: ${rowName(row)}`);
        measured.get(row)?.push(asMeasured(await run(row, JSON.stringify(window))));
      }
    }
    return rows.map((row) => ({ row, rounds: measured.get(row) ?? [], isEqual: checks.get(row) }));
  } finally {
    await s3?.stop();
    await kinesis.stop();
  }
}

function asCheck(said: unknown): { readonly isEqual?: boolean } {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return said as { readonly isEqual?: boolean };
}

function asMeasured(said: unknown): Measured {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return said as Measured;
}
