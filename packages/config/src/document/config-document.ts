import { readFile, stat } from "node:fs/promises";
import type { Alias, Document, LineCounter, Node, ParsedNode, YAMLError, YAMLMap } from "yaml";
import { ConfigError, type Problem } from "./problem.js";
import { keyOf, type Path, shownPath } from "./path.js";
import { type Env, substitute } from "./variables.js";
import { yamlFault } from "./yaml-faults.js";

/** More values than that are an alias gone wild; a large file has some hundred. */
const MAX_VALUES = 20_000;
/** Deeper than that is an alias that leads back to itself, or no file that a person wrote. */
const MAX_DEPTH = 100;
/** A large file has some kilobytes; whatever is longer is another file. */
const MAX_BYTES = 1024 * 1024;
/** What is wrong by itself: what stands behind it is read as it is meant. */
const ALONE: ReadonlySet<string> = new Set(["DUPLICATE_KEY", "TAG_RESOLVE_FAILED"]);
/** More of these are a file that was put together by a program. */
const MAX_FAULTS = 20;

/** A file as it was written: its values, and where each of them stands. */
export interface ConfigDocument {
  /** As it was named. */
  readonly file: string;
  readonly value: unknown;
  /** Values that are one variable and nothing else; what they are made of, the option says. */
  readonly wholeVariables: readonly Path[];
  /** What is wrong with it so far. */
  readonly problems: readonly Problem[];
  readonly has: (path: Path) => boolean;
  /** A problem at the key of a path, or at the nearest thing around it that is there. */
  readonly problem: (path: Path, message: string) => Problem;
}

interface Places {
  readonly offsets: Map<string, number>;
  readonly wholeVariables: Path[];
  readonly faults: { readonly path: Path; readonly message: string }[];
  values: number;
}

type Yaml = typeof import("yaml");

/**
 * Reads a file of YAML or JSON. Variables stand for texts only: nothing that they hold is read as YAML.
 * @throws ConfigError for a file that cannot be read, or is no YAML
 */
export async function readDocument(file: string, env: Env): Promise<ConfigDocument> {
  const text = await readText(file);
  // Loaded here, so that a program that reads no file starts without it.
  const yaml = await import("yaml");
  const lines = new yaml.LineCounter();
  const document = yaml.parseDocument(text, { lineCounter: lines, prettyErrors: false, version: "1.2" });
  const faults = [...document.errors, ...document.warnings];
  if (faults.length > 0) throw new ConfigError(faultsOf(file, faults, lines));
  const places: Places = { offsets: new Map(), wholeVariables: [], faults: [], values: 0 };
  const value = valueOf({ yaml, document, env, places }, document.contents, []);
  const problem = (path: Path, message: string): Problem => ({
    file,
    ...placeOf(lines, nearestOffset(places, path)),
    path: shownPath(path),
    message,
  });
  return {
    file,
    value,
    wholeVariables: places.wholeVariables,
    problems: places.faults.map(({ path, message }) => problem(path, message)),
    has: (path) => places.offsets.has(keyOf(path)),
    problem,
  };
}

/** What the parser found, each place once, up to the first defect of syntax: one bracket too few makes a fault of every line behind it. */
function faultsOf(
  file: string,
  faults: readonly Pick<YAMLError, "code" | "pos">[],
  lines: LineCounter,
): readonly Problem[] {
  const problems = new Map<string, Problem>();
  for (const { code, pos } of faults.toSorted((one, other) => one.pos[0] - other.pos[0])) {
    const { line, column } = placeOf(lines, pos[0]);
    const key = `${line}:${column}`;
    if (!problems.has(key)) problems.set(key, { file, line, column, path: "", message: yamlFault(code) });
    if (!ALONE.has(code)) break;
  }
  return [...problems.values()].slice(0, MAX_FAULTS);
}

async function readText(file: string): Promise<string> {
  let bytes: Buffer;
  try {
    const { size } = await stat(file);
    if (size > MAX_BYTES)
      throw fileProblem(file, "the file is longer than 1 MiB: this is no file of a connector");
    bytes = await readFile(file);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
    throw fileProblem(
      file,
      code === "ENOENT" ? "there is no such file" : `the file cannot be read (${code})`,
    );
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw fileProblem(file, "the file is not UTF-8");
  }
}

function fileProblem(file: string, message: string): ConfigError {
  return new ConfigError([{ file, line: 1, column: 1, path: "", message }]);
}

function placeOf(lines: LineCounter, offset: number): { readonly line: number; readonly column: number } {
  const { line, col } = lines.linePos(offset);
  // An empty file has no line.
  return { line: Math.max(1, line), column: Math.max(1, col) };
}

function nearestOffset({ offsets }: Places, path: Path): number {
  for (let length = path.length; length >= 0; length -= 1) {
    const offset = offsets.get(keyOf(path.slice(0, length)));
    if (offset !== undefined) return offset;
  }
  return 0;
}

interface Reading {
  readonly yaml: Yaml;
  readonly document: Document<ParsedNode>;
  readonly env: Env;
  readonly places: Places;
}

function valueOf(reading: Reading, node: Node | null, path: Path): unknown {
  const { yaml, document, env, places } = reading;
  places.values += 1;
  if (path.length > MAX_DEPTH) {
    // Told once, and at the option that it begins at: a whole way of names would say nothing.
    places.faults.push({
      path: path.slice(0, 1),
      message: `${shownPath(path.slice(0, 1))} is nested deeper than ${MAX_DEPTH} levels: an alias (*name) may lead back to itself`,
    });
    places.values = MAX_VALUES + 1;
    return undefined;
  }
  if (places.values > MAX_VALUES) {
    if (places.values === MAX_VALUES + 1)
      places.faults.push({ path, message: "the file is too large: its aliases may repeat each other" });
    return undefined;
  }
  const start = node?.range?.[0];
  if (start !== undefined && !places.offsets.has(keyOf(path))) places.offsets.set(keyOf(path), start);
  if (yaml.isAlias(node)) {
    const target = targetOf(node, document);
    if (target === null) places.faults.push({ path, message: yamlFault("BAD_ALIAS") });
    return valueOf(reading, target, path);
  }
  if (yaml.isMap(node)) return mappingOf(reading, node, path);
  if (yaml.isSeq(node))
    return node.items.map((item, index) => valueOf(reading, item as Node | null, [...path, String(index)]));
  if (!yaml.isScalar(node)) return null;
  if (typeof node.value !== "string") return node.value;
  const substituted = substitute(node.value, env);
  if (substituted === undefined) return node.value;
  if (substituted.fault !== undefined)
    places.faults.push({ path, message: `${shownPath(path)} ${substituted.fault}` });
  else if (substituted.isWhole) places.wholeVariables.push(path);
  return substituted.text;
}

function targetOf(alias: Alias, document: Document<ParsedNode>): Node | null {
  return alias.resolve(document) ?? null;
}

function mappingOf(reading: Reading, map: YAMLMap, path: Path): Readonly<Record<string, unknown>> {
  const { yaml, places } = reading;
  const mapping: Record<string, unknown> = {};
  for (const { key, value } of map.items) {
    const name = yaml.isScalar(key) ? String(key.value) : "";
    const own = [...path, name];
    const offset = yaml.isNode(key) ? key.range?.[0] : undefined;
    if (offset !== undefined) places.offsets.set(keyOf(own), offset);
    if (name === "__proto__" || name === "") {
      places.faults.push({ path: own, message: "this is no name of an option" });
      continue;
    }
    mapping[name] = valueOf(reading, value as Node | null, own);
  }
  return mapping;
}
