import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { JsonSchema } from "@kinesis-connectors/core/config";
import type { ConfigDocument } from "../document/config-document.js";
import { everyValue, isMapping, type Path, shownPath } from "../document/path.js";
import { type Env, variableOf } from "../document/variables.js";
import type { Problem } from "../document/problem.js";
import { schemaNodesAt } from "./schema-nodes.js";

/** Names under which third parties without a schema keep secrets. */
const TELLING_NAME = /pass(?:word|phrase)?$|secret|token$|credential|api_?key|private_?key/i;

/** A secret of a file. */
export interface FoundSecret {
  /** In the file. */
  readonly path: Path;
  /** Undefined where it cannot be had, which is a problem. */
  readonly text: string | undefined;
}

/** Whether what stands at a path is a secret. Without a schema the name of it tells. */
function isSecret(schema: JsonSchema | undefined, path: Path): boolean {
  if (schema === undefined) return path.some((name) => TELLING_NAME.test(name));
  return schemaNodesAt(schema, path).some(({ writeOnly }) => writeOnly === true);
}

/**
 * Fetches the secrets of a part of the file from where they are.
 *
 * @param root where the part stands in the file
 */
export function secretsOf(
  document: ConfigDocument,
  {
    schema,
    value,
    root,
  }: { readonly schema: JsonSchema | undefined; readonly value: unknown; readonly root: Path },
  env: Env,
): { readonly secrets: readonly FoundSecret[]; readonly problems: readonly Problem[] } {
  const secrets: FoundSecret[] = [];
  const problems: Problem[] = [];
  for (const [own, found] of everyValue(value)) {
    if (own.length === 0 || !isSecret(schema, own)) continue;
    // What is in a secret is part of it. A name only says that something in there is one.
    if (schema !== undefined && isSecret(schema, own.slice(0, -1))) continue;
    const path = [...root, ...own];
    if (typeof found === "string") secrets.push({ path, text: found });
    else if (schema !== undefined && isMapping(found)) {
      const { text, fault } = fetched(document.file, found, env);
      secrets.push({ path, text });
      if (fault !== undefined) problems.push(document.problem(path, `${shownPath(path)} ${fault}`));
    }
  }
  return { secrets, problems };
}

function fetched(
  file: string,
  { env: name, file: from }: Readonly<Record<string, unknown>>,
  env: Env,
): { readonly text: string | undefined; readonly fault: string | undefined } {
  if (typeof name === "string") {
    const text = variableOf(env, name);
    const isThere = text !== undefined && text !== "";
    return isThere
      ? { text, fault: undefined }
      : { text: undefined, fault: `is in the variable ${name}, which is not set or empty: set it` };
  }
  // What is neither is a problem of the schema.
  if (typeof from !== "string") return { text: undefined, fault: undefined };
  try {
    const text = readFileSync(resolve(dirname(resolve(file)), from), "utf8").replace(/[\r\n]+$/, "");
    return text === ""
      ? { text: undefined, fault: "is in a file that is empty" }
      : { text, fault: undefined };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
    return {
      text: undefined,
      fault: `is in a file that cannot be read (${code}): check the path and its rights`,
    };
  }
}
