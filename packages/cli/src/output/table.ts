/** One column: its heading, and whether its cells are numbers, which stand at the right. */
export interface Column {
  readonly title: string;
  readonly isNumber?: boolean;
}

const GAP = "  ";

/**
 * Lines of a table: cells padded to their column, numbers to the right, each line cut to the width. Cells past the last column are remarks
 * and follow as they are.
 */
export function tableLines(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width?: number,
): readonly string[] {
  const texts = rows.map((row) => row.map(oneLine));
  const widths = columns.map(({ title }, index) =>
    Math.max(title.length, ...texts.map((row) => (row[index] ?? "").length)),
  );
  const lineOf = (cells: readonly string[]): string => {
    const padded = columns.map(({ isNumber }, index) => {
      const cell = cells[index] ?? "";
      return isNumber === true ? cell.padStart(widths[index] ?? 0) : cell.padEnd(widths[index] ?? 0);
    });
    return cut([...padded, ...cells.slice(columns.length)].join(GAP).trimEnd(), width);
  };
  return [lineOf(columns.map(({ title }) => title)), ...texts.map(lineOf)];
}

/** Text of the table that others wrote (owners, keys): control characters must not reach a terminal. */
export function oneLine(text: string): string {
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  return text.replaceAll(/[\u0000-\u001F\u007F-\u009F\u2028\u2029]/g, "?");
}

function cut(line: string, width: number | undefined): string {
  return width === undefined || line.length <= width ? line : `${line.slice(0, Math.max(0, width - 3))}...`;
}
