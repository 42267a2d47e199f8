import type { Oracle } from "./oracle.js";
import { askedTable, type Lake, NAMESPACE } from "./tables.js";

/** Asks all oracles whether a table holds the rows of these ids, each once; what is not so goes to `wrong`. */
export async function checkIds(
  lake: Lake,
  {
    name,
    folder,
    oracles,
    what,
  }: {
    readonly name: string;
    readonly folder: string;
    readonly oracles: readonly Oracle[];
    /** When it is, in sentences. */
    readonly what: string;
  },
  ids: readonly number[],
  wrong: string[],
): Promise<void> {
  const table = await askedTable(lake, NAMESPACE, name, folder);
  for (const oracle of oracles) {
    const { ids: told = [] } = await oracle.ask(table, [], "ids");
    wrong.push(...compareIds(told, ids.map(String)).map((one) => `${oracle.name}, ${what}: ${one}`));
  }
}

/** Ids that are missing, there more than once, or of nobody: a sentence for each kind. */
function compareIds(told: readonly string[], expected: readonly string[]): readonly string[] {
  const seen = new Set(told);
  const known = new Set(expected);
  const lost = expected.filter((id) => !seen.has(id)).length;
  const foreign = [...seen].filter((id) => !known.has(id)).length;
  const twice = told.length - seen.size;
  return [
    ...(lost === 0 ? [] : [`${lost} rows are missing`]),
    ...(twice === 0 ? [] : [`${twice} rows are there more than once`]),
    ...(foreign === 0 ? [] : [`${foreign} rows were never written`]),
  ];
}

/** The numbers from one up to, but without, another. */
export function numbers(from: number, until: number): readonly number[] {
  return Array.from({ length: until - from }, (_, nth) => from + nth);
}

/** A row with an id. */
export function named(id: number): { readonly id: number; readonly name: string } {
  return { id, name: `row ${id}` };
}
