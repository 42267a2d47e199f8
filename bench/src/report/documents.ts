import type { Section } from "../rows/variant.js";
import { capacityCells } from "./capacity.js";
import { BUSY, conditions, type Run, wasBusy } from "./run.js";
import { cellsOf, coldCells, markdown, targetCells } from "./table.js";

const USUAL = ["row", "set", "rate", "ns", "rss", "raw", "floor", "sdk", "go"];

/** What is said of the rows of each section. */
const COLUMNS: Readonly<Record<Section, readonly string[]>> = {
  reading: USUAL,
  requests: ["row", "set", "page", "rss", "raw", "sdk", "go"],
  parsing: USUAL,
  writing: ["row", "ns", "rate", "rss", "sdk"],
  objects: ["row", "set", "page", "rate", "rss", "sdk", "go"],
  formats: ["row", "rate", "ns", "rss"],
  payloads: ["row", "rate", "ns"],
  threads: ["row", "wall", "cores", "rss"],
  limits: ["row", "set", "rate", "ns"],
};

/** Everything that is made of a run stands between two such comments, and nothing else in a document does. */
const MADE = /(<!-- made of the run: ([a-z]+) -->\n)[^]*?(<!-- end of it -->)/g;

/**
 * A document with what it says of a run made anew.
 * @throws when it asks for a part that there is none of
 */
export function renewed(document: string, run: Run): string {
  return document.replaceAll(MADE, (_, opening: string, part: string, closing: string) => {
    return `${opening}\n${partOf(run, part)}\n\n${closing}`;
  });
}

function partOf(run: Run, part: string): string {
  if (part === "conditions") return wasBusy(run) ? `${conditions(run)} **${BUSY}**` : conditions(run);
  if (part === "targets") return markdown(targetCells(run.targets));
  if (part === "capacity") return cellsOrNone(capacityCells(run));
  if (part === "cold") return cellsOrNone(run.cold.length === 0 ? [] : coldCells(run.cold));
  if (!isSection(part)) throw new Error(`there is no part ${part} of a run`);
  const rows = run.rows.filter(({ section }) => section === part);
  return cellsOrNone(rows.length === 0 ? [] : cellsOf(rows, COLUMNS[part]));
}

function cellsOrNone(cells: readonly (readonly string[])[]): string {
  return cells.length === 0 ? "Not measured in this run." : markdown(cells);
}

function isSection(part: string): part is Section {
  return part in COLUMNS;
}
