import { expect, it } from "vitest";
import { checkTable, differences } from "../src/check.js";
import { everyFilter, rowOf } from "../src/everything.js";
import type { Found, Oracle } from "../src/oracle.js";
import { cell, fits, type Question } from "../src/values.js";

const TABLE = { metadata: "{}", endpoint: "", folder: "" };
const ROWS = [7, 8, 9].map((id) => ({
  id: cell.long(BigInt(id)),
  note: id === 8 ? null : cell.string(`n${id}`),
}));
const QUESTIONS: readonly Question[] = [
  { type: "gt", term: "id", value: cell.long(7n) },
  { type: "is-null", term: "note" },
  { type: "starts-with", term: "note", value: cell.string("n9") },
];

const answering = (found: Found): Oracle => ({ name: "somebody", ask: () => Promise.resolve(found) });

it("counts that are as written are right; others are told by their filter", async () => {
  const right = await checkTable(answering({ counts: [2, 1, 1], files: [1, 1, 1] }), TABLE, QUESTIONS, {
    where: "t",
    rows: ROWS,
  });
  expect(right).toMatchObject({ asked: 3, wrong: [], files: 3 });
  const { wrong, unable } = await checkTable(
    answering({ counts: [2, 0, "cannot: UUIDs"] }),
    TABLE,
    QUESTIONS,
    { where: "t", rows: ROWS },
  );
  expect(wrong).toEqual(['{"type":"is-null","term":"note"}: 0 rows instead of 1']);
  expect([...unable]).toEqual([["UUIDs", 1]]);
});

it("rows that are missing, there twice, of other content or of nobody are told", () => {
  const row = (id: string, note: string) => ({ id, note });
  expect(differences([row("1", "a"), row("2", "b")], [row("2", "b"), row("1", "a")])).toEqual([]);
  expect(
    differences(
      [row("1", "a"), row("1", "a"), row("2", "x"), row("9", "y")],
      [row("1", "a"), row("2", "b"), row("3", "c")],
    ),
  ).toEqual([
    "row 1 is there 2 times",
    'row 2 differs in note: "x" instead of "b"',
    "row 3 is missing",
    "row 9 was never written",
  ]);
});

it("questions are asked about values that some rows have and others have not", () => {
  const rows = Array.from({ length: 600 }, (_, id) => rowOf(id).cells);
  const kinds = new Set<string>();
  for (const question of everyFilter()) {
    const count = rows.filter((row) => fits(row, question)).length;
    kinds.add(`${question.type} ${count === 0 ? "none" : count === rows.length ? "all" : "some"}`);
  }
  for (const type of ["lt", "gt-eq", "eq", "is-null", "not-null", "is-nan", "starts-with"])
    expect(kinds).toContain(`${type} some`);
});

it("what a reader does wrong by itself is told apart, at that reader and that table alone", async () => {
  const before1970: readonly Question[] = [{ type: "eq", term: "moment", value: cell.timestamptz(-1n) }];
  const rows = [{ id: cell.long(1n), moment: cell.timestamptz(-1n) }];
  const asked = async (name: string, where: string): Promise<readonly number[]> => {
    const oracle: Oracle = { name, ask: () => Promise.resolve({ counts: [0] }) };
    const { wrong, unable } = await checkTable(oracle, TABLE, before1970, { where, rows });
    return [wrong.length, unable.size];
  };
  expect(await asked("DuckDB 1.5.5", "day of moment")).toEqual([0, 1]);
  expect(await asked("DuckDB 1.5.5", "hour of moment")).toEqual([1, 0]);
  expect(await asked("pyiceberg 0.12.0", "day of moment")).toEqual([1, 0]);
});
