import type { Random } from "../clock.js";
import { parseExact } from "../exact-json.js";
import { type ErrorCause, OpenSearchError } from "./errors.js";
import type { BulkAction } from "./writes.js";
import { fieldOf, isObject, textOf } from "../json-values.js";

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
    const parsed = parsedOrNothing(line);
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
    if (Buffer.byteLength(id) > MAX_ID_BYTES) {
      throw invalid(
        "action_request_validation_exception",
        `Validation Failed: id is too long, must be no longer than ${MAX_ID_BYTES} bytes but was: ${Buffer.byteLength(id)};`,
      );
    }
    let source: unknown;
    let problem: ErrorCause | undefined;
    if (known !== "delete") {
      at += 1;
      const document = lines[at];
      if (document === undefined || document === "")
        throw invalid(
          "illegal_argument_exception",
          `the document of the action in line [${number}] is missing`,
        );
      try {
        source = parse(document);
      } catch (error) {
        problem = problemOf(document, error);
        // The source of an update is read with its action, that of others when its turn has come.
        if (known === "update") throw invalid("x_content_parse_exception", "[UpdateRequest] failed to parse");
      }
      if (known !== "update" && problem === undefined && !isObject(source)) problem = NO_OBJECT;
    }
    actions.push({
      kind: known,
      index,
      id,
      isNamed: givenId !== undefined,
      options,
      source,
      ...(problem === undefined ? {} : { problem }),
    });
  }
  if (actions.length === 0)
    throw invalid("action_request_validation_exception", "Validation Failed: 1: no requests added;");
  return actions;
}

const NO_OBJECT: ErrorCause = {
  type: "not_x_content_exception",
  reason: "Compressor detection can only be called on some xcontent bytes or compressed xcontent bytes",
};

function parse(line: string): unknown {
  if (hasDoubleName(line)) throw new SyntaxError("Duplicate field");
  return parseExact(line);
}

function parsedOrNothing(line: string): unknown {
  try {
    return parse(line);
  } catch {
    return undefined;
  }
}

/** What the service's parser says of a document that is no JSON. */
function problemOf(line: string, error: unknown): ErrorCause {
  if (!line.startsWith("{")) return NO_OBJECT;
  const message = error instanceof Error ? error.message : "";
  return /Unexpected end|Unterminated|Expected .* at position \d+$/u.test(message) &&
    !message.includes("token")
    ? { type: "json_e_o_f_exception", reason: "Unexpected end-of-input" }
    : { type: "json_parse_exception", reason: "The document is no JSON" };
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
