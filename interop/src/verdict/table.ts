import { isRight, type Result } from "./result.js";

const HEAD = ["scenario", "version", "sent", "lost", "duplicates", "slowest takeover", "seconds", ""];
/** Columns of numbers, written to the right. */
const NUMBERS = new Set([2, 3, 4, 5, 6]);
const MAX_LOST_SHOWN = 5;

/** The table of all runs, a line each, and below it what was lost and what was expected in vain. */
export function table(results: readonly Result[]): string {
  const rows = results.map((result) => [
    result.scenario,
    result.version,
    String(result.sent),
    String(result.lost.length),
    String(result.duplicates),
    result.slowestTakeoverMs === undefined ? "-" : `${(result.slowestTakeoverMs / 1000).toFixed(1)} s`,
    String(Math.round(result.seconds)),
    isRight(result) ? "ok" : "NOT OK",
  ]);
  const widths = HEAD.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) =>
        NUMBERS.has(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join("  ")
      .trimEnd();
  const below = results.flatMap(({ scenario, version, lost, problems }) => [
    ...problems.map((problem) => `${scenario} ${version}: ${problem}`),
    ...(lost.length === 0
      ? []
      : [
          `${scenario} ${version}: lost ${lost.slice(0, MAX_LOST_SHOWN).join(", ")}${lost.length > MAX_LOST_SHOWN ? " ..." : ""}`,
        ]),
  ]);
  return [line(HEAD), line(widths.map((width) => "-".repeat(width))), ...rows.map(line), ...below].join("\n");
}
