import { isDeepStrictEqual } from "node:util";
import { stringifyJson } from "@kinesis-connectors/core";
import type { AskedTable, Found, Oracle, Plain } from "./oracle.js";
import { ownFaultOf } from "./own-faults.js";
import { asFilter, type Cells, fits, type Question } from "./values.js";

/** What an oracle was asked about one table, and what it answered otherwise than expected. */
export interface Checked {
  readonly asked: number;
  readonly wrong: readonly string[];
  /** Why an oracle could not answer, or answered otherwise, by faults of its own, and how often. */
  readonly unable: ReadonlyMap<string, number>;
  /** Files that filters had to look into, of so many that there are: less where statistics and partitions are of use. */
  readonly files: number;
}

/** What a table should hold. */
export interface Expected {
  /** Which table it is, in a few words. */
  readonly where: string;
  readonly rows: readonly Cells[];
  /** All of the rows as oracles tell them, where they are asked to. */
  readonly plain?: readonly Plain[];
}

/** Asks an oracle all questions about a table, and compares. */
export async function checkTable(
  oracle: Oracle,
  table: AskedTable,
  questions: readonly Question[],
  { where, rows, plain }: Expected,
): Promise<Checked> {
  const found = await oracle.ask(table, questions.map(asFilter), plain === undefined ? "counts" : "rows");
  const answers: string[] = [];
  const unable = new Map<string, number>();
  const count = (why: string): void => void unable.set(why, (unable.get(why) ?? 0) + 1);
  for (const [nth, question] of questions.entries()) {
    const expected = rows.filter((row) => fits(row, question)).length;
    const told = found.counts[nth];
    const [, why] = /^cannot: (.*)$/s.exec(String(told)) ?? [];
    if (why !== undefined) count(why);
    else if (told !== expected)
      answers.push(`${stringifyJson(asFilter(question))}: ${told} rows instead of ${expected}`);
  }
  if (plain !== undefined && found.rows !== undefined) answers.push(...differences(found.rows, plain));
  const wrong = answers.filter((answer) => {
    const why = ownFaultOf(oracle.name, where, answer);
    if (why !== undefined) count(why);
    return why === undefined;
  });
  return { asked: questions.length, wrong, unable, files: filesOf(found) };
}

function filesOf({ files = [] }: Found): number {
  return files.reduce((sum, one) => sum + one, 0);
}

/** Rows that are missing, of other content, or there more than once; by their ids. */
export function differences(found: readonly Plain[], expected: readonly Plain[]): readonly string[] {
  const idOf = (row: Plain): string => String((row as { readonly id?: unknown } | null)?.id);
  const byId = new Map<string, Plain[]>();
  for (const row of found) byId.set(idOf(row), [...(byId.get(idOf(row)) ?? []), row]);
  const wrong: string[] = [];
  for (const row of expected) {
    const [first, ...more] = byId.get(idOf(row)) ?? [];
    byId.delete(idOf(row));
    if (first === undefined) wrong.push(`row ${idOf(row)} is missing`);
    else if (more.length > 0) wrong.push(`row ${idOf(row)} is there ${more.length + 1} times`);
    else if (!isDeepStrictEqual(first, row))
      wrong.push(`row ${idOf(row)} differs in ${columnOf(first, row)}`);
  }
  for (const id of byId.keys()) wrong.push(`row ${id} was never written`);
  return wrong;
}

function columnOf(found: Plain, expected: Plain): string {
  const fields = Object.entries(expected as Readonly<Record<string, Plain>>);
  const [name, value] =
    fields.find(
      ([column, one]) => !isDeepStrictEqual((found as Readonly<Record<string, Plain>>)[column], one),
    ) ?? [];
  return name === undefined
    ? "its columns"
    : `${name}: ${JSON.stringify((found as Readonly<Record<string, Plain>>)[name])} instead of ${JSON.stringify(value)}`;
}
