import { digitsOf, parseExact, stringifyExact } from "../../exact-json.js";
import type { CopyRow } from "./copy-rows.js";
import { SqlFailure } from "../errors.js";
import { MAX_ROW_BYTES } from "../limits.js";

type JsonRow = Readonly<Record<string, unknown>>;

/** How a value of a JSON object becomes the field of one column. */
export type JsonField = (row: JsonRow) => unknown;

/** Fields by the columns' names. Names are lower case; 'auto' wants keys that are the same, 'auto ignorecase' any case. */
export function fieldsByName(columns: readonly string[], ignoreCase: boolean): readonly JsonField[] {
  if (!ignoreCase) return columns.map((name) => (row) => (Object.hasOwn(row, name) ? row[name] : undefined));
  return columns.map((name) => (row) => {
    const key = Object.keys(row).find((each) => each.toLowerCase() === name);
    return key === undefined ? undefined : row[key];
  });
}

/** Fields by a JSONPaths file: one path per column, `$.name`, `$['name']` and `[0]` only ("COPY from JSON format"). */
export function fieldsByPath(text: string, columnCount: number): readonly JsonField[] {
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch (cause) {
    throw new SqlFailure("The JSONPaths file is not JSON", { cause });
  }
  const { jsonpaths } = (file ?? {}) as { readonly jsonpaths?: unknown };
  if (!Array.isArray(jsonpaths)) throw new SqlFailure("The JSONPaths file has no jsonpaths");
  if (jsonpaths.length !== columnCount)
    throw new SqlFailure(
      `Number of jsonpaths and the number of columns should match. JSONPath size: ${jsonpaths.length}, ` +
        `Number of columns in table or column list: ${columnCount}`,
    );
  return jsonpaths.map((path: unknown) => {
    const steps = typeof path === "string" ? stepsOf(path) : undefined;
    if (steps === undefined) throw new SqlFailure("Invalid JSONPath format");
    return (row) => steps.reduce<unknown>((value, step) => memberOf(value, step), row);
  });
}

function stepsOf(path: string): readonly string[] | undefined {
  if (!/^\$(?:\.[^.[\]'"]+|\['[^']+'\]|\["[^"]+"\]|\[\d{1,9}\])+$/.test(path)) return undefined;
  return [...path.matchAll(/\.([^.[\]'"]+)|\['([^']+)'\]|\["([^"]+)"\]|\[(\d+)\]/g)].map(
    (match) => match[1] ?? match[2] ?? match[3] ?? match[4] ?? "",
  );
}

function memberOf(value: unknown, step: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return undefined;
  return (value as JsonRow)[step];
}

/**
 * Rows of a file of JSON objects, one after another with nothing or white space between.
 *
 * @param isSuper whether each field is for a column of the type SUPER, which takes any JSON and a text as one, in its quotes
 */
export function* jsonRows(
  text: string,
  fields: readonly JsonField[],
  isSuper: readonly boolean[] = [],
): Generator<CopyRow> {
  let line = 1;
  for (const { raw, row } of jsonTexts(text)) {
    const start = line + leadingLines(raw);
    line += raw.split("\n").length - 1;
    const trimmed = raw.trim();
    if (trimmed === "") continue;
    if (Buffer.byteLength(trimmed) > MAX_ROW_BYTES) {
      yield {
        line: start,
        raw: trimmed,
        fields: [],
        problem: { code: 1216, reason: "The object is longer than 4 MB" },
      };
      continue;
    }
    if (row === undefined)
      yield { line: start, raw: trimmed, fields: [], problem: { code: 1216, reason: "Invalid JSON object" } };
    else
      yield {
        line: start,
        raw: trimmed,
        fields: fields.map((field, at) => fieldText(field(row), isSuper[at] === true)),
      };
  }
}

function leadingLines(raw: string): number {
  return (/^\s*/.exec(raw)?.[0].split("\n").length ?? 1) - 1;
}

/**
 * Cuts the text into objects. A line that is an object is one, which is how files are written; otherwise braces are
 * counted outside strings.
 */
function* jsonTexts(text: string): Generator<{ readonly raw: string; readonly row: JsonRow | undefined }> {
  let at = 0;
  while (at < text.length) {
    const newline = text.indexOf("\n", at);
    const lineEnd = newline === -1 ? text.length : newline + 1;
    const line = text.slice(at, lineEnd);
    const whole = parseObject(line.trim());
    if (whole !== undefined || line.trim() === "") {
      yield { raw: line, row: whole };
      at = lineEnd;
    } else {
      const end = endOfObject(text, at);
      const raw = text.slice(at, end);
      yield { raw, row: parseObject(raw.trim()) };
      at = end;
    }
  }
}

function endOfObject(text: string, start: number): number {
  const pieces = /"(?:[^"\\]|\\[\s\S])*"|[{}\n]/g;
  pieces.lastIndex = start;
  let depth = 0;
  let began = false;
  for (let piece = pieces.exec(text); piece !== null; piece = pieces.exec(text)) {
    if (piece[0] === "{") {
      depth += 1;
      began = true;
    } else if (piece[0] === "}") depth -= 1;
    if (began ? depth <= 0 : piece[0] === "\n" && text.slice(start, piece.index).trim() !== "")
      return pieces.lastIndex;
  }
  return text.length;
}

function parseObject(text: string): JsonRow | undefined {
  if (!text.startsWith("{") || !text.endsWith("}")) return undefined;
  try {
    const value = parseExact(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as JsonRow;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return undefined;
}

/** A value as the text that a column is given; objects and arrays go as JSON text. */
function fieldText(value: unknown, isSuper: boolean): string | null {
  if (value === undefined || value === null) return null;
  const digits = digitsOf(value);
  if (digits !== undefined) return digits;
  return typeof value === "string" && !isSuper ? value : stringifyExact(value);
}
