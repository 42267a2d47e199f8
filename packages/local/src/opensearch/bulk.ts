import type { Random } from "../clock.js";
import { OpenSearchError } from "./errors.js";
import type { BulkAction } from "./writes.js";
import { fieldOf, isObject, textOf } from "./values.js";

const KINDS = ["index", "create", "update", "delete"] as const;

/** An `_id` has at most 512 bytes; a longer one fails its whole request (IndexRequest.validate). */
const MAX_ID_BYTES = 512;

/**
 * Reads the lines of a bulk request (OpenSearch "Bulk API"): an action, then its document.
 * @throws OpenSearchError for what makes the whole request unreadable
 */
export function readActions(
  body: Buffer,
  defaultIndex: string | undefined,
  random: Random,
): readonly BulkAction[] {
  if (body.length === 0) throw invalid("parse_exception", "request body is required");
  if (body.at(-1) !== 0x0a)
    throw invalid(
      "illegal_argument_exception",
      String.raw`The bulk request must be terminated by a newline [\n]`,
    );
  const lines = body.toString("utf8").split("\n").slice(0, -1);
  const actions: BulkAction[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? "";
    if (line === "") continue;
    const number = at + 1;
    const parsed = parse(line);
    const [kind, options] = isObject(parsed) ? (Object.entries(parsed)[0] ?? []) : [];
    const known = KINDS.find((candidate) => candidate === kind);
    if (known === undefined || !isObject(options))
      throw invalid("illegal_argument_exception", `Malformed action/metadata line [${number}]`);
    const index = textOf(options, "_index") ?? defaultIndex;
    if (index === undefined)
      throw invalid("action_request_validation_exception", "Validation Failed: index is missing;");
    const givenId = fieldOf(options, "_id");
    if (givenId === undefined && (known === "update" || known === "delete"))
      throw invalid("action_request_validation_exception", "Validation Failed: id is missing;");
    const id =
      givenId === undefined
        ? random.hex(20)
        : typeof givenId === "string"
          ? givenId
          : JSON.stringify(givenId);
    if (id === "" || Buffer.byteLength(id) > MAX_ID_BYTES) {
      throw invalid(
        "action_request_validation_exception",
        `Validation Failed: id is too long or empty, must be no longer than ${MAX_ID_BYTES} bytes but was: ${Buffer.byteLength(id)};`,
      );
    }
    let source: unknown;
    if (known !== "delete") {
      at += 1;
      const document = lines[at];
      if (document === undefined || document === "")
        throw invalid(
          "illegal_argument_exception",
          `the document of the action in line [${number}] is missing`,
        );
      source = parse(document);
    }
    actions.push({ kind: known, index, id, options, source });
  }
  if (actions.length === 0)
    throw invalid("action_request_validation_exception", "Validation Failed: 1: no requests added;");
  return actions;
}

/** A document that is not JSON fails alone, so it is not thrown for here; nor is one with the same name twice. */
function parse(line: string): unknown {
  try {
    return hasDoubleName(line) ? undefined : (JSON.parse(line) as unknown);
  } catch {
    return undefined;
  }
}

/** The service reads JSON strictly: a name twice in one object is an error, where JSON.parse takes the last. */
function hasDoubleName(line: string): boolean {
  const names: Set<string>[] = [];
  const TOKENS = /"(?:[^"\\]|\\.)*"(\s*:)?|[{}]/gu;
  for (const [token, colon] of line.matchAll(TOKENS)) {
    if (token === "{") names.push(new Set());
    else if (token === "}") names.pop();
    else if (colon !== undefined) {
      const open = names.at(-1);
      if (open?.has(token) === true) return true;
      open?.add(token);
    }
  }
  return false;
}

function invalid(type: string, reason: string): OpenSearchError {
  return new OpenSearchError(type, reason, 400);
}
