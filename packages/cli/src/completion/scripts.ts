import type { CliContext } from "../app/context.js";
import { COMPLETE, NAMES } from "../app/words.js";
import type { Shell } from "./shells.js";

const SCRIPTS: Readonly<Record<Shell, readonly string[]>> = {
  bash: [
    "_kinesis_connectors() {",
    "  local line",
    "  COMPREPLY=()",
    "  while IFS=$'\\t' read -r line _; do",
    '    [[ $line == "${COMP_WORDS[COMP_CWORD]}"* ]] && COMPREPLY+=("$line")',
    `  done < <("\${COMP_WORDS[0]}" ${COMPLETE} -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)`,
    "}",
    ...NAMES.map((name) => `complete -o default -F _kinesis_connectors ${name}`),
  ],
  zsh: [
    "_kinesis_connectors() {",
    "  local -a proposals",
    "  local word brief",
    "  while IFS=$'\\t' read -r word brief; do",
    '    proposals+=("${word}:${brief//:/\\\\:}")',
    `  done < <("\${words[1]}" ${COMPLETE} -- "\${(@)words[2,CURRENT]}" 2>/dev/null)`,
    "  _describe 'kinesis-connectors' proposals || _files",
    "}",
    `compdef _kinesis_connectors ${NAMES.join(" ")}`,
  ],
  fish: [
    "function __kinesis_connectors",
    "  set -l words (commandline -opc) (commandline -ct)",
    `  $words[1] ${COMPLETE} -- $words[2..-1] 2>/dev/null`,
    "end",
    ...NAMES.map((name) => `complete -c ${name} -a '(__kinesis_connectors)'`),
  ],
};

/** `completions SHELL`. */
export function completions({ out }: CliContext, _flags: unknown, shell: Shell): Promise<void> {
  for (const line of SCRIPTS[shell]) out.line(line);
  return Promise.resolve();
}
