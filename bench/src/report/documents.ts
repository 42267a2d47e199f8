import type { Section } from "../rows/variant.js";
import { conditions, type Run, wasBusy } from "./run.js";
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
  if (part === "conditions")
    return wasBusy(run)
      ? `${conditions(run)} **The machine had other work beside it:** where a cell is a range, that is most of the reason.`
      : conditions(run);
  if (part === "targets") return markdown(targetCells(run.targets));
  if (part === "cold")
    return run.cold.length === 0 ? "Not measured in this run." : markdown(coldCells(run.cold));
  if (!isSection(part)) throw new Error(`there is no part ${part} of a run`);
  const rows = run.rows.filter(({ section }) => section === part);
  return rows.length === 0 ? "Not measured in this run." : markdown(cellsOf(rows, COLUMNS[part]));
}

function isSection(part: string): part is Section {
  return part in COLUMNS;
}
