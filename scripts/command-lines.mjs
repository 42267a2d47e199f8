// The command lines of `kinesis-connectors` that documents show: each names a command that there is, and flags that it takes. The command itself is asked.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** A command line in a text: words and flags, up to what ends it there. */
const LINE = /(?<![\w/.@-]|create )(?:npx )?(?:kinesis-connectors|kc) ([a-z][a-z-]*(?=[\s`]|$)[^`|#>;\n]*)/g;
const FLAG = /(?<=\s)--[a-z][a-z-]*/g;

/**
 * What is wrong with the command lines of documents.
 *
 * @param root the repository, whose command line is built
 * @param paths of the documents, from the root
 */
export function commandLineProblems(root, paths) {
  const helps = new Map();
  const ask = (words) => {
    const key = words.join(" ");
    if (!helps.has(key)) {
      const main = join(root, "packages", "cli", "dist", "main.js");
      const { status, stdout } = spawnSync(process.execPath, [main, ...words, "--help"], {
        encoding: "utf8",
      });
      helps.set(key, status === 0 ? stdout : undefined);
    }
    return helps.get(key);
  };
  const problems = [];
  for (const path of paths)
    for (const [index, line] of readFileSync(join(root, path), "utf8").split("\n").entries())
      for (const [shown, rest] of line.matchAll(LINE)) {
        const problem = problemOf(rest.trim(), ask);
        if (problem !== undefined) problems.push(`${path}:${index + 1}: ${shown.trim()}: ${problem}`);
      }
  return problems;
}

function problemOf(line, ask) {
  const [command, next = ""] = line.split(/[\s,]+/);
  let words = [command];
  let help = ask(words);
  if (help === undefined) return `there is no command ${command}`;
  if (/^COMMANDS$/m.test(help) && /^[a-z]/.test(next)) {
    words = [command, next];
    help = ask(words);
    if (help === undefined) return `there is no command ${words.join(" ")}`;
  }
  const unknown = (line.match(FLAG) ?? []).filter((flag) => !help.includes(flag));
  return unknown.length === 0 ? undefined : `${words.join(" ")} takes no ${unknown.join(", ")}`;
}
