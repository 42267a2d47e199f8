const ESCAPES: Readonly<Record<string, string>> = { t: "\t", n: "\n", r: "\r", f: "\f" };
const BLANK = /[ \t\f]/;

/**
 * Reads a file as `java.util.Properties` does: `key=value`, `key: value` or `key value`, comments behind `#` and `!`, lines that a backslash at their end
 * goes on with, and escapes. Of keys that are there twice the last one counts.
 */
export function parseProperties(text: string): ReadonlyMap<string, string> {
  const properties = new Map<string, string>();
  for (const line of logicalLines(text)) {
    const end = keyEnd(line);
    let start = end;
    while (start < line.length && BLANK.test(line[start] as string)) start += 1;
    if (line[start] === "=" || line[start] === ":") start += 1;
    while (start < line.length && BLANK.test(line[start] as string)) start += 1;
    properties.set(unescaped(line.slice(0, end)), unescaped(line.slice(start)));
  }
  return properties;
}

function* logicalLines(text: string): Generator<string, void> {
  let open = "";
  for (const natural of text.replace(/^\ufeff/, "").split(/\r\n|\n|\r/)) {
    const line = natural.replace(/^[ \t\f]+/, "");
    if (open === "" && (line === "" || line.startsWith("#") || line.startsWith("!"))) continue;
    const backslashes = /\\*$/.exec(line)?.[0].length ?? 0;
    if (backslashes % 2 === 1) {
      open += line.slice(0, -1);
      continue;
    }
    yield open + line;
    open = "";
  }
  if (open !== "") yield open;
}

function keyEnd(line: string): number {
  for (let at = 0; at < line.length; at += 1) {
    const character = line[at] as string;
    if (character === "\\") at += 1;
    else if (character === "=" || character === ":" || BLANK.test(character)) return at;
  }
  return line.length;
}

function unescaped(text: string): string {
  return text.replaceAll(/\\(?:u([0-9a-fA-F]{4})|(.))/g, (_, code: string | undefined, character = "") =>
    code === undefined ? (ESCAPES[character] ?? character) : String.fromCharCode(Number.parseInt(code, 16)),
  );
}
