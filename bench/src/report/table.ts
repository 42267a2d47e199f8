import type { SummaryRow } from "./summary.js";
import type { Target } from "./targets.js";

/** The rows for people: thousands per CPU-second, and how they stand to the limits and to the SDK. */
export function table(rows: readonly SummaryRow[], targets: readonly Target[]): string {
  const cells = [
    [
      "row",
      "set",
      "over",
      "k/CPU-s",
      "min",
      "max",
      "ns each",
      "MB/CPU-s",
      "cores",
      "k/s",
      "RSS MB",
      "/raw",
      "/floor",
      "/SDK",
      "bytes",
    ],
    ...rows.map((row) => [
      row.label,
      row.set,
      row.transport,
      thousands(row.perCpuSecond.median),
      thousands(row.perCpuSecond.min),
      thousands(row.perCpuSecond.max),
      Math.round(row.nsPerUnit).toLocaleString("en"),
      row.mbPerCpuSecond.toFixed(0),
      row.cores.toFixed(2),
      thousands(row.perWallSecond),
      row.peakRssMb.toFixed(0),
      ratio(row.toRaw),
      ratio(row.toFloor),
      ratio(row.toSdk),
      row.isEqual === true ? "equal" : "",
    ]),
  ];
  const reached = targets.map(({ text, wanted, reached: value }) => [
    text,
    `>= ${wanted}`,
    value === undefined ? "not measured" : value.toFixed(2),
    value === undefined ? "" : value >= wanted ? "reached" : "missed",
  ]);
  return `${aligned(cells)}\n\n${aligned([["target (ratio inside this run)", "wanted", "is", ""], ...reached])}\n`;
}

function thousands(rate: number): string {
  return (rate / 1000).toFixed(rate < 10_000 ? 2 : 0);
}

function ratio(value: number | undefined): string {
  return value === undefined ? "" : value.toFixed(2);
}

/** The first column to the left, numbers to the right. */
function aligned(cells: readonly (readonly string[])[]): string {
  const widths = (cells[0] ?? []).map((_, column) =>
    Math.max(...cells.map((row) => row[column]?.length ?? 0)),
  );
  return cells
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
