import { type PeerPrograms, runPeer } from "../peers/run-peer.js";
import { type Pinning, runRowProcess, startServer } from "../processes.js";
import { shapeOf } from "../data/data-sets.js";
import type { Endpoints } from "../servers/canned-server.js";
import type { Measured } from "./meter.js";
import { repeats, spread, thousands } from "./spread.js";
import { type ListedRow, rowName, windowOf } from "./variant.js";

/** What the rounds of one row came to. */
export interface RowResult {
  readonly row: ListedRow;
  /** Each with the number of the round that it was in: ratios are made within a round. */
  readonly rounds: readonly (Measured & { readonly round: number })[];
  /** Whether the bytes that passed were right; undefined where nothing passes that could be compared. */
  readonly isEqual: boolean | undefined;
}

/** How the rows are measured. */
export interface RoundsOptions {
  /** Of every row. */
  readonly rounds: number;
  /** Of rows that do not repeat, and of those that they are held against, as long as there is time. */
  readonly mostRounds: number;
  readonly deadlineMs: number;
  readonly windowCpuMs: number;
  /** Instead of the row's own: to see that it runs. */
  readonly warmUpCpuMs?: number;
  readonly pinning: Pinning;
  readonly peers: PeerPrograms;
  /** Names of rows that are held against each other. */
  readonly pairs: readonly (readonly [string, string])[];
  /** Told of each step, for those who wait. */
  readonly report: (step: string) => void;
}

/**
 * Checks every row, then measures all of them round by round: each round runs every row once, in a process of its own, so that what
 * else the machine does falls upon all of them alike. Rows that did not repeat get more rounds, with all that they are held against.
 * @throws when a row fails, or its bytes are not the right ones: a fast wrong answer has no speed
 */
export async function runRounds(
  rows: readonly ListedRow[],
  options: RoundsOptions,
): Promise<readonly RowResult[]> {
  const { rounds, mostRounds, deadlineMs, pinning, report } = options;
  const server = await startServer("server-process.js", pinning.server);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const endpoints = server.said as Endpoints;
  const dynamoDb = rows.some(({ variant }) => typeof variant.run !== "function" && variant.run.peer === "kcl")
    ? await startServer("dynamodb-process.js", pinning.server)
    : undefined;
  try {
    const run = (row: ListedRow, task: string, pin: readonly string[]): Promise<unknown> =>
      runRowProcess([row.module, rowName(row), JSON.stringify(endpoints), task], pin);
    const checks = new Map<ListedRow, boolean | undefined>();
    const unchecked = rows.filter(({ variant }) => variant.expected !== undefined);
    const checkAll = async (pin: readonly string[]): Promise<void> => {
      for (let row = unchecked.shift(); row !== undefined; row = unchecked.shift()) {
        report(`check ${rowName(row)}`);
        const { isEqual } = asCheck(await run(row, "check", pin));
        if (isEqual === false)
          throw new Error(`${rowName(row)}: the bytes that passed are not those of the set`);
        checks.set(row, isEqual);
      }
    };
    // Nothing is measured yet: one on each core.
    await Promise.all([checkAll(pinning.row), checkAll(pinning.server)]);
    const measure = async (row: ListedRow): Promise<Measured> => {
      const usual = windowOf(row, options.windowCpuMs);
      const window = { ...usual, warmUpCpuMs: options.warmUpCpuMs ?? usual.warmUpCpuMs };
      const { run: work } = row.variant;
      const pin = row.variant.needsAllCores === true ? [] : pinning.row;
      if (typeof work === "function") return asMeasured(await run(row, JSON.stringify(window), pin));
      const at = { endpoints, dynamoDb: dynamoDb === undefined ? "" : String(dynamoDb.said) };
      const { perPage } = shapeOf(row.set);
      const counted = asMeasured(await runPeer(options.peers, work, row.set, at, window, pin));
      return { ...counted, pages: counted.records / perPage };
    };
    const measured = new Map<ListedRow, RowResult["rounds"]>(rows.map((row) => [row, []]));
    for (let round = 1; round <= mostRounds; round += 1) {
      const isExtra = round > rounds;
      for (const row of isExtra ? unsteady(measured, options.pairs) : rows) {
        if (isExtra && performance.now() > deadlineMs) break;
        const came = await measure(row);
        measured.set(row, [...(measured.get(row) ?? []), { ...came, round }]);
        report(`round ${round}: ${rowName(row)} ${thousands((came.records / came.cpuMs) * 1_000)} k/CPU-s`);
      }
    }
    return rows.map((row) => ({ row, rounds: measured.get(row) ?? [], isEqual: checks.get(row) }));
  } finally {
    await dynamoDb?.stop();
    await server.stop();
  }
}

/** Rows whose rounds differ by more than repeating does, and those that they are held against, in their order. */
function unsteady(
  measured: ReadonlyMap<ListedRow, RowResult["rounds"]>,
  pairs: RoundsOptions["pairs"],
): readonly ListedRow[] {
  const names = new Set<string>();
  for (const [row, rounds] of measured)
    if (!repeats(spread(rounds.map(({ records, cpuMs }) => records / cpuMs)))) names.add(rowName(row));
  const wanted = new Set(names);
  for (const [one, other] of pairs) {
    if (names.has(one)) wanted.add(other);
    if (names.has(other)) wanted.add(one);
  }
  return [...measured.keys()].filter((row) => wanted.has(rowName(row)));
}

function asCheck(said: unknown): { readonly isEqual?: boolean } {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return said as { readonly isEqual?: boolean };
}

function asMeasured(said: unknown): Measured {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return said as Measured;
}
