import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { importsOf } from "./imports.mjs";

/** What the name of a source ends in, by what an import of it does. */
const SOURCES = { js: ["ts", "tsx"], jsx: ["tsx"], mjs: ["mts"], cjs: ["cts"] };

/**
 * Circles of imports: files that import each other, in whatever way; an import of a type, or a dynamic one, closes a circle too. A part of code that runs
 * round by several ways is shown by some of them: once those are open, by the rest.
 * @param files paths of all sources, absolute
 * @returns of each circle its first step: the file, the line of the import, and the files in order, the first one once more at the end
 */
export function circlesOf(files) {
  const known = new Set(files);
  const importsBy = new Map(files.map((file) => [file, targetsOf(file, known)]));
  const circles = [];
  const done = new Set();
  // The way from where the walk began to the file that it looks at.
  const way = [];
  const visit = (file) => {
    way.push(file);
    for (const { target } of importsBy.get(file)) {
      const at = way.indexOf(target);
      if (at !== -1) circles.push([...way.slice(at), target]);
      else if (!done.has(target)) visit(target);
    }
    way.pop();
    done.add(file);
  };
  for (const file of files) if (!done.has(file)) visit(file);
  return circles.map((circle) => {
    const [file, next] = circle;
    const { line } = importsBy.get(file).find(({ target }) => target === next);
    return { file, line, circle };
  });
}

/** The files that one imports, each once, with the line of it; one that names itself, as what a thread runs does, goes nowhere. */
function targetsOf(file, known) {
  const targets = new Map();
  for (const { specifier, line } of importsOf(readFileSync(file, "utf8"))) {
    if (!specifier.startsWith(".")) continue;
    const target = sourceOf(resolve(dirname(file), specifier), known);
    if (target !== undefined && target !== file && !targets.has(target)) targets.set(target, line);
  }
  return [...targets].map(([target, line]) => ({ target, line }));
}

/** The source that an import names; undefined for what is none, such as a JSON. */
function sourceOf(path, known) {
  const [, stem, ending] = /^(.*)\.(\w+)$/.exec(path) ?? [];
  const candidates = [path, ...(SOURCES[ending] ?? []).map((each) => `${stem}.${each}`)];
  return candidates.find((candidate) => known.has(candidate));
}
