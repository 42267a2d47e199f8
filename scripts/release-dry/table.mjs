// The table of what an installation costs, and its place in the documents.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bundleOf, importMsOf, treeOf } from "./measures.mjs";
import { INSTALLED } from "./users.mjs";

const BEGIN = "<!-- measured by npm run release:dry -- --write -->";
const END = "<!-- end of what is measured -->";

/** One package more in each row. */
const ROWS = INSTALLED.map((_, index) => INSTALLED.slice(0, index + 1));

/**
 * Measures installations, and makes a table of them.
 * @param {(packages: readonly string[]) => string} install installs packages by npm, and gives the folder
 * @returns {Promise<string>}
 */
export async function installationTable(install) {
  const lines = [];
  let last = "";
  for (const packages of ROWS) {
    last = install(packages);
    const { packages: count, bytes } = treeOf(last);
    const names = packages.map((name) => `\`${name.replace("@kinesis-connectors/", "")}\``).join(", ");
    lines.push(`| ${names} | ${count} | ${mib(bytes)} MiB | ${Math.round(importMsOf(last, packages))} ms |`);
  }
  const { bytes, ours, gzipped } = await bundleOf(last);
  return [
    "| installed | packages below `node_modules` | size | CPU time of the import |",
    "| --- | --- | --- | --- |",
    ...lines,
    "",
    `A connector to S3, bundled and minified with all that it may load: ${kib(bytes)} KiB, of which ${kib(ours)} KiB are ours; ${kib(gzipped)} KiB compressed by gzip. Node ${process.versions.node}.`,
  ].join("\n");
}

/** Puts the table in its place. */
export function writeTable(root, table) {
  const file = join(root, "docs/installing.md");
  const text = readFileSync(file, "utf8");
  const from = text.indexOf(BEGIN);
  const to = text.indexOf(END);
  if (from === -1 || to < from)
    throw new Error(`docs/installing.md has no place for the table: ${BEGIN} ... ${END}`);
  writeFileSync(file, `${text.slice(0, from + BEGIN.length)}\n\n${table}\n\n${text.slice(to)}`);
}

const mib = (bytes) => (bytes / 1024 / 1024).toFixed(1);
const kib = (bytes) => Math.round(bytes / 1024);
