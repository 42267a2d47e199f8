import { type JsonSchema, readSchema, type Resolved } from "@kinesis-connectors/core/config";
import { preparedValues } from "../checking/prepared-values.js";
import { HIDDEN, withoutUserInfo } from "../checking/redact.js";
import { schemaProblems } from "../checking/schema-problems.js";
import { type FoundSecret, secretsOf } from "../checking/secrets.js";
import { type ConfigDocument, readDocument } from "../document/config-document.js";
import { everyValue, type Path, valueAt, withValueAt } from "../document/path.js";
import type { Env } from "../document/variables.js";
import type { ConnectorFile } from "../file/connector-file.js";
import { type FoundPart, findParts } from "./found-parts.js";
import type { ImportPart } from "./import-part.js";
import { ConfigError, type Problem } from "../document/problem.js";

/** Describes a file without the options of its parts. Read once: what is compiled of it is kept by it. */
let fileSchema: JsonSchema | undefined;

/** A file whose options have all been looked at. */
export interface CheckedFile {
  readonly document: ConfigDocument;
  /** With secrets as texts, and numbers without units. */
  readonly config: Resolved<ConnectorFile>;
  readonly parts: readonly FoundPart[];
  /** Texts that nothing may show. */
  readonly secrets: readonly string[];
  /** The same, to be shown. */
  readonly redacted: unknown;
}

/**
 * Reads and checks a file, with its parts or without.
 *
 * @param importPart undefined: parts are not looked at
 * @throws ConfigError with all that is wrong
 */
export async function checkFile(
  file: string,
  env: Env,
  importPart: ImportPart | undefined,
): Promise<CheckedFile> {
  const document = await readDocument(file, env);
  const schema = (fileSchema ??= readSchema(new URL("../../pipeline.schema.json", import.meta.url)));
  let value = preparedValues(schema, document.value, [], document.wholeVariables);
  const problems: Problem[] = [
    ...document.problems,
    ...(await schemaProblems(document, { schema, value, root: [], owner: "a connector" })),
  ];
  const found =
    importPart === undefined
      ? { parts: [], problems: [] }
      : await findParts(document, { schema, value, root: [] }, importPart);
  problems.push(...found.problems);
  const secrets: FoundSecret[] = [];
  const unknown = importPart === undefined ? PARTS.map((name) => unknownPart(value, name)) : [];
  for (const part of [{ schema, value, root: [] }, ...found.parts, ...unknown]) {
    const own = secretsOf(document, part, env);
    secrets.push(...own.secrets);
    problems.push(...own.problems);
  }
  if (problems.length > 0) throw new ConfigError(inOrder(problems));

  // The inner ones come last.
  for (const { root, value: options } of found.parts) value = withValueAt(value, root, options);
  let redacted = value;
  for (const { path, text } of secrets) {
    value = withValueAt(value, path, text);
    redacted = withValueAt(redacted, path, HIDDEN);
  }
  return {
    document,
    // The schema, which is made of this type, has looked at it.
    config: value as Resolved<ConnectorFile>,
    parts: found.parts,
    secrets: [...texts(secrets), ...passwordsOf(value)],
    redacted: withoutPasswords(redacted),
  };
}

/** Where parts stand. */
const PARTS = ["emitter", "announce", "deadLetters"];

/** A part that nobody has looked at: names alone say what is a secret in it. */
function unknownPart(
  value: unknown,
  name: string,
): { readonly schema: undefined; readonly value: unknown; readonly root: Path } {
  return { schema: undefined, value: valueAt(value, [name]), root: [name] };
}

/** One of a place is enough, and the first ones first. */
export function inOrder(problems: readonly Problem[]): readonly Problem[] {
  const seen = new Set<string>();
  return problems
    .filter(({ path, line, column }) => {
      const key = `${line}:${column}:${path}`;
      return !seen.has(key) && Boolean(seen.add(key));
    })
    .toSorted((one, other) => one.line - other.line || one.column - other.column);
}

function texts(secrets: readonly FoundSecret[]): readonly string[] {
  return secrets.flatMap(({ text }) => (text === undefined ? [] : [text]));
}

/** Users and passwords in URLs. */
function passwordsOf(value: unknown): readonly string[] {
  const found: string[] = [];
  for (const [, one] of everyValue(value))
    if (typeof one === "string" && URL.canParse(one)) {
      const { password } = new URL(one);
      if (password !== "") found.push(password, decodeURIComponent(password));
    }
  return found;
}

function withoutPasswords(value: unknown): unknown {
  let shown = value;
  for (const [path, one] of everyValue(value))
    if (typeof one === "string" && withoutUserInfo(one) !== one)
      shown = withValueAt(shown, path, withoutUserInfo(one));
  return shown;
}
