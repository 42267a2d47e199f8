import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Running, UNWATCHED } from "@kinesis-connectors/app-sample";
import { startLocalAws } from "@kinesis-connectors/local";
import { checkTable } from "./check.js";
import { BATCHES, COLUMNS, everyFilter, rowOf, ROWS_PER_BATCH } from "./everything.js";
import { Missing, type Oracle } from "./oracle.js";
import { startJava } from "./java.js";
import {
  partitionedRow,
  PARTITIONED_ROWS,
  partitionFilters,
  PARTITION_COLUMNS,
  PARTITIONS,
} from "./partitioned.js";
import { startPython } from "./python.js";
import { askedTable, type Lake, NAMESPACE, writeTable } from "./tables.js";
import { catalogChecks } from "./catalog-checks.js";
import { icebirdChecks } from "./icebird.js";
import { foreignChecks } from "./foreign-checks.js";

/** What came of it. */
export interface OraclesResult {
  readonly lines: readonly (readonly [label: string, figure: string | number])[];
  /** One sentence for each answer that is not what was written. */
  readonly wrong: readonly string[];
  readonly oracles: readonly string[];
  readonly missing: readonly string[];
}

const WAREHOUSE = "s3://warehouse";

/** Starts whatever oracles can be had, writes the tables and asks them. */
export async function run({ signal, progress }: Running = UNWATCHED): Promise<OraclesResult> {
  let doing = "starting";
  using _watched = progress.watch(() => ({ share: undefined, text: doing }));
  await using aws = await startLocalAws({
    kinesis: false,
    dynamodb: false,
    opensearch: false,
    iceberg: { warehouse: WAREHOUSE },
  });
  aws.iceberg.createNamespace(NAMESPACE);
  await using files = await temporaryFolder();
  const folder = files.path;
  const say = (text: string): void => void process.stderr.write(`${text}\n`);
  const missing: string[] = [];
  const orMissing = async <Side>(start: Promise<Side>): Promise<Side | undefined> => {
    try {
      return await start;
    } catch (error) {
      if (!(error instanceof Missing)) throw error;
      missing.push(error.message);
      return undefined;
    }
  };
  await using python = await orMissing(startPython(say));
  await using java = await orMissing(startJava(WAREHOUSE, say));
  const oracles = [...(python?.oracles ?? []), ...(java === undefined ? [] : [java.oracle])];

  const lines: (readonly [string, string | number])[] = [];
  const wrong: string[] = [];
  const lake: Lake = { aws, uri: aws.endpoints.iceberg };

  signal.throwIfAborted();
  doing = "columns of every type";
  lines.push(...(await everythingChecks(lake, folder, oracles, wrong)));
  signal.throwIfAborted();
  doing = "partitions by every transform";
  lines.push(...(await partitionChecks(lake, folder, oracles, wrong)));
  signal.throwIfAborted();
  doing = "another writer at the same table";
  lines.push(await icebirdChecks(lake, folder, wrong));
  if (python !== undefined) lines.push(...(await foreignChecks(lake, folder, python, oracles, wrong)));
  signal.throwIfAborted();
  doing = "Iceberg's own catalog";
  if (java !== undefined)
    lines.push(...(await catalogChecks({ aws, uri: java.catalogUri }, folder, oracles, wrong)));
  for (const sentence of missing) lines.push(["not asked", sentence]);
  lines.push(["answers that are wrong", wrong.length]);
  return { lines, wrong, oracles: oracles.map(({ name }) => name), missing };
}

async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), "iceberg-oracles-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

type Lines = readonly (readonly [string, string])[];

/** A table with columns of every type, in several files. */
async function everythingChecks(
  lake: Lake,
  folder: string,
  oracles: readonly Oracle[],
  wrong: string[],
): Promise<Lines> {
  const rows = Array.from({ length: BATCHES * ROWS_PER_BATCH }, (_, id) => rowOf(id));
  const batches = Array.from({ length: BATCHES }, (_, batch) =>
    rows.slice(batch * ROWS_PER_BATCH, (batch + 1) * ROWS_PER_BATCH).map(({ row }) => row),
  );
  await writeTable(lake, "everything", { columns: COLUMNS }, batches);
  const table = await askedTable(lake, NAMESPACE, "everything", folder);
  const questions = everyFilter();
  const expected = {
    where: "every type",
    rows: rows.map(({ cells }) => cells),
    plain: rows.map(({ plain }) => plain),
  };
  const lines: [string, string][] = [];
  for (const oracle of oracles) {
    const { asked, wrong: found, unable, files } = await checkTable(oracle, table, questions, expected);
    wrong.push(...found.map((one) => `${oracle.name}, every type: ${one}`));
    const looked = files === 0 ? "" : `, ${files} of ${asked * BATCHES} files looked into`;
    lines.push([
      oracle.name,
      `${asked} filters on every type${looked}, ${found.length} wrong${unableText(unable)}`,
    ]);
  }
  return lines;
}

/** A table for each transform of each type that takes it. */
async function partitionChecks(
  lake: Lake,
  folder: string,
  oracles: readonly Oracle[],
  wrong: string[],
): Promise<Lines> {
  const cells = Array.from({ length: PARTITIONED_ROWS }, (_, id) => partitionedRow(id));
  const rows = cells.map((row) =>
    Object.fromEntries(Object.entries(row).map(([name, one]) => [name, one?.row ?? null])),
  );
  const totals = new Map(
    oracles.map((oracle) => [oracle, { asked: 0, wrong: 0, unable: new Map<string, number>() }]),
  );
  for (const [nth, partition] of PARTITIONS.entries()) {
    const name = `partitioned_${nth}`;
    const half = PARTITIONED_ROWS / 2;
    const options = { columns: PARTITION_COLUMNS, partitionBy: [partition] };
    await writeTable(lake, name, options, [rows.slice(0, half), rows.slice(half)]);
    const table = await askedTable(lake, NAMESPACE, name, folder);
    const questions = partitionFilters(partition.column);
    for (const oracle of oracles) {
      const where = `${partition.transform} of ${partition.column}`;
      const found = await checkTable(oracle, table, questions, { where, rows: cells });
      const total = totals.get(oracle);
      if (total === undefined) continue;
      total.asked += found.asked;
      total.wrong += found.wrong.length;
      for (const [why, times] of found.unable) total.unable.set(why, (total.unable.get(why) ?? 0) + times);
      wrong.push(...found.wrong.map((one) => `${oracle.name}, ${where}: ${one}`));
    }
  }
  return [...totals].map(([{ name }, total]) => [
    name,
    `${total.asked} filters on ${PARTITIONS.length} partitions, ${total.wrong} wrong${unableText(total.unable)}`,
  ]);
}

/** What an oracle itself cannot do is nothing that was written wrong, but it is said. */
function unableText(unable: ReadonlyMap<string, number>): string {
  const reasons = [...unable].map(([why, times]) => `${times} by a fault of its own: ${why.slice(0, 120)}`);
  return reasons.length === 0 ? "" : `, ${reasons.join("; ")}`;
}
