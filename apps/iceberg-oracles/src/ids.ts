import { checkTable } from "./check.js";
import type { Oracle } from "./oracle.js";
import { askedTable, type Lake } from "./tables.js";
import { cell } from "./values.js";

/** Asks all oracles whether a table holds the rows of these ids, each once; what is not so goes to `wrong`. */
export async function checkIds(
  lake: Lake,
  { name, folder, oracles, what }: {
    readonly name: string;
    readonly folder: string;
    readonly oracles: readonly Oracle[];
    /** When it is, in sentences. */
    readonly what: string;
  },
  ids: readonly number[],
  wrong: string[],
): Promise<void> {
  const table = await askedTable(lake, name, folder);
  const rows = ids.map((id) => ({ id: cell.long(BigInt(id)) }));
  // Each id by itself, by its statistics: one that is there twice shows as two.
  const questions = [
    { type: "not-null", term: "id" } as const,
    ...rows.map(({ id }) => ({ type: "eq", term: "id", value: id }) as const),
  ];
  for (const oracle of oracles) {
    const found = await checkTable(oracle, table, questions, { rows });
    wrong.push(...found.wrong.map((one) => `${oracle.name}, ${what}: ${one}`));
  }
}

/** The numbers from one up to, but without, another. */
export function numbers(from: number, until: number): readonly number[] {
  return Array.from({ length: until - from }, (_, nth) => from + nth);
}

/** A row with an id. */
export function named(id: number): { readonly id: number; readonly name: string } {
  return { id, name: `row ${id}` };
}
