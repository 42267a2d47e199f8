import type { ColdFigure } from "../cold/cold-figure.js";
import { figure, rounded, thousands } from "../rows/spread.js";
import type { SummaryRow } from "./summary.js";
import { isReached, type Target } from "./targets.js";

/** A column of a table of rows. Left out where no row has anything in it. */
interface Column {
  readonly title: string;
  readonly cell: (row: SummaryRow) => string;
}

const ratio = (value: number): string => value.toFixed(2);

/** What is said of a row. */
const COLUMNS: Readonly<Record<string, Column>> = {
  row: { title: "row", cell: ({ label }) => label },
  set: { title: "documents", cell: ({ set, transport }) => (transport === "tls" ? `${set}, TLS` : set) },
  rate: { title: "k/CPU-s", cell: ({ perCpuSecond }) => figure(perCpuSecond, thousands) },
  ns: { title: "ns each", cell: ({ nsPerUnit }) => figure(nsPerUnit, rounded) },
  page: { title: "ms a request", cell: ({ cpuMsPerPage }) => figure(cpuMsPerPage, rounded) },
  wall: { title: "k/s", cell: ({ perWallSecond }) => figure(perWallSecond, thousands) },
  cores: { title: "cores", cell: ({ cores }) => cores.toFixed(2) },
  rss: { title: "RSS, MB", cell: ({ peakRssMb }) => peakRssMb.median.toFixed(0) },
  raw: { title: "/ raw", cell: ({ toRaw }) => figure(toRaw, ratio) },
  floor: { title: "/ floor", cell: ({ toFloor }) => figure(toFloor, ratio) },
  sdk: { title: "/ SDK", cell: ({ toSdk }) => figure(toSdk, ratio) },
  go: { title: "/ Go", cell: ({ toGo }) => figure(toGo, ratio) },
};

/** Title first, then a line for each row. */
export function cellsOf(rows: readonly SummaryRow[], columns: readonly string[]): string[][] {
  const wanted = columns.flatMap((name) => COLUMNS[name] ?? []);
  const lines = rows.map((row) => wanted.map(({ cell }) => cell(row)));
  const isUsed = wanted.map((_, column) => lines.some((line) => line[column] !== ""));
  return [wanted.map(({ title }) => title), ...lines].map((line) =>
    line.filter((_, column) => isUsed[column]),
  );
}

/** What was wanted, and what it came to. */
export function targetCells(targets: readonly Target[]): string[][] {
  return [
    ["target (ratio inside this run)", "wanted", "measured", ""],
    ...targets.map((target) => {
      const { text, wanted, isMost, unit, reached } = target;
      const format = unit === undefined ? ratio : (value: number) => `${Math.round(value)} ${unit}`;
      const is = isReached(target);
      return [
        text,
        `${isMost ? "<=" : ">="} ${wanted}${unit === undefined ? "" : ` ${unit}`}`,
        reached === undefined ? "not measured" : figure(reached, format),
        is === undefined ? "" : is ? "reached" : "missed",
      ];
    }),
  ];
}

/** How processes begin, and wait. */
export function coldCells(cold: readonly ColdFigure[]): string[][] {
  return [
    ["a process", "measured"],
    ...cold.map(({ label, value, unit }) => [
      label,
      `${figure(value, (amount) => Math.round(amount).toLocaleString("en"))} ${unit}`,
    ]),
  ];
}

/** Everything for a terminal. */
export function table(
  rows: readonly SummaryRow[],
  targets: readonly Target[],
  cold: readonly ColdFigure[] = [],
): string {
  const measured = targets.filter(({ reached }) => reached !== undefined);
  const parts = [cellsOf(rows, Object.keys(COLUMNS))];
  if (measured.length > 0) parts.push(targetCells(measured));
  if (cold.length > 0) parts.push(coldCells(cold));
  return `${parts.map(aligned).join("\n\n")}\n`;
}

/** The first column to the left, numbers to the right. */
function aligned(cells: readonly (readonly string[])[]): string {
  const widths = widthsOf(cells);
  return cells
    .map((line) =>
      line
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** The same for a document, as the formatter would leave it. */
export function markdown(cells: readonly (readonly string[])[]): string {
  const widths = widthsOf(cells).map((width) => Math.max(width, 3));
  const isText = (column: number): boolean => column === 0 || cells[0]?.[column] === "documents";
  const lines = cells.map((line) =>
    line.map((cell, column) =>
      isText(column) ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
    ),
  );
  const rule = widths.map((width, column) =>
    isText(column) ? "-".repeat(width) : `${"-".repeat(width - 1)}:`,
  );
  const [head = [], ...body] = lines;
  return [head, rule, ...body].map((line) => `| ${line.join(" | ")} |`).join("\n");
}

function widthsOf(cells: readonly (readonly string[])[]): readonly number[] {
  return (cells[0] ?? []).map((_, column) => Math.max(...cells.map((line) => line[column]?.length ?? 0)));
}
