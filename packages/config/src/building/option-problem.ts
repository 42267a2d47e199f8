import { hasCode, KinesisConnectorError } from "@kinesis-connectors/core";
import { withoutSecrets } from "../checking/redact.js";
import type { ConfigDocument } from "../document/config-document.js";
import { everyValue, isMapping, type Path, shownPath, valueAt } from "../document/path.js";
import type { Problem } from "../document/problem.js";

/** The option that a message is about: they begin with its name. */
const NAMED = /^([A-Za-z_$][\w$]*(?:\.[\w$]+)*)(?=[\s:,]|$)/;

/**
 * The problem that somebody's check of options found, at the place of the option that its message names.
 *
 * @param roots where the options stand in the file; the first one that has the option
 * @param secrets what must not be in the message
 */
export function optionProblem(
  document: ConfigDocument,
  error: unknown,
  roots: readonly Path[],
  secrets: readonly string[],
): Problem {
  const message = withoutSecrets(error instanceof Error ? error.message : "failed without an error", secrets);
  const [first = []] = roots;
  if (!hasCode(error, "KC_OPTION_INVALID")) {
    const name = KinesisConnectorError.isInstance(error)
      ? error.code
      : error instanceof Error
        ? error.name
        : "no error";
    return document.problem(
      typeAt(document, first),
      prefixed(first, `cannot be used (${name}): ${message}`, ": "),
    );
  }
  const name = NAMED.exec(message)?.[1]?.split(".") ?? [];
  for (const root of roots)
    if (name.length > 0 && document.has([...root, ...name]))
      return document.problem([...root, ...name], prefixed(root, message, "."));
  for (const root of roots) {
    const inner = name[0] === undefined ? undefined : keyWithin(document, root, name);
    if (inner !== undefined)
      return document.problem(inner, prefixed(inner.slice(0, -name.length), message, "."));
  }
  return document.problem(typeAt(document, first), prefixed(first, message, ": "));
}

function prefixed(root: Path, message: string, separator: string): string {
  return root.length === 0 ? message : `${shownPath(root)}${separator}${message}`;
}

function typeAt(document: ConfigDocument, root: Path): Path {
  return document.has([...root, "type"]) ? [...root, "type"] : root;
}

/** A key further in that has the name. */
function keyWithin(document: ConfigDocument, root: Path, name: Path): Path | undefined {
  for (const [path, value] of everyValue(valueAt(document.value, root)))
    if (isMapping(value) && valueAt(value, name) !== undefined) return [...root, ...path, ...name];
  return undefined;
}
