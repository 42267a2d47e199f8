// What pages of Markdown are put together with, as the formatter would write it.

/** A table, its columns as wide as what they hold. */
export function table(head, rows) {
  const cells = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll("|", String.raw`\|`)));
  const widths = head.map((_cell, column) => Math.max(3, ...cells.map((row) => row[column].length)));
  const line = (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column])).join(" | ")} |`;
  return [
    line(cells[0]),
    `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`,
    ...cells.slice(1).map(line),
  ].join("\n");
}

/** The anchor of a heading, as GitHub and the site make it. */
export function anchorOf(heading) {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\p{M}\p{Pc}\- ]/gu, "")
    .replaceAll(" ", "-");
}

/** Parts of a page, in arrays however deep, a blank line between them. */
export function page(parts) {
  return `${parts
    .flat(Number.POSITIVE_INFINITY)
    .filter((part) => part !== undefined && part !== "")
    .join("\n\n")}\n`;
}

/** `a`, `b` or `c`. */
export function either(texts) {
  return texts.length < 2 ? (texts[0] ?? "") : `${texts.slice(0, -1).join(", ")} or ${texts.at(-1)}`;
}
