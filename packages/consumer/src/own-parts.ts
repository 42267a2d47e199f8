import { isPromise, invalidOption } from "@kinesis-connectors/core";

type Members = Readonly<Record<string, unknown>>;

/** Parts of the connector's options that a caller may bring along. Types have looked at it already, where there are any. */
export interface OwnParts {
  readonly clock?: unknown;
  readonly random?: unknown;
  readonly signal?: unknown;
  readonly clients?: { readonly kinesis?: unknown; readonly dynamodb?: unknown };
  readonly kinesisApi?: unknown;
  readonly leaseTable?: unknown;
  readonly credentials?: unknown;
  readonly observe?: unknown;
  readonly measureCpu?: unknown;
}

/** The functions that parts of the caller's own must have, by the option under which they are given. */
const FUNCTIONS: readonly (readonly [option: string, functions: readonly string[]])[] = [
  ["clock", ["now", "monotonicNow", "setTimer"]],
  ["random", ["next", "uuid"]],
  ["signal", ["addEventListener", "removeEventListener", "throwIfAborted"]],
  ["clients.kinesis", ["send"]],
  ["clients.dynamodb", ["send"]],
  ["kinesisApi", ["describeStream", "listShards", "getShardIterator", "getRecords", "close"]],
  ["leaseTable", ["open", "list", "get", "create", "update", "describe", "remove", "fleetMode"]],
];

/**
 * Checks what a caller brings along: a part that lacks a function, or is a promise of one, would be found missing in the middle of the work, and taken
 * for an outage there.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option and the function
 */
export function checkParts(options: OwnParts): void {
  const { clock, random, signal, clients, kinesisApi, leaseTable, credentials, observe, measureCpu } =
    options;
  const parts: Members = {
    clock,
    random,
    signal,
    kinesisApi,
    "clients.kinesis": clients?.kinesis,
    "clients.dynamodb": clients?.dynamodb,
    leaseTable: typeof leaseTable === "string" ? undefined : leaseTable,
  };
  for (const [option, functions] of FUNCTIONS) {
    const part = parts[option];
    if (part !== undefined) requireFunctions(option, part, functions);
  }
  if (observe !== undefined && typeof observe !== "function")
    throw invalidOption("observe must be a function, which is called with each event");
  if (measureCpu !== undefined && typeof measureCpu !== "function")
    throw invalidOption("measureCpu must be a function, which resolves with the use of the CPU in percent");
  if (credentials === undefined || typeof credentials === "function") return;
  requireNoPromise("credentials", credentials);
  if (typeof credentials !== "object" || credentials === null)
    throw invalidOption(
      "credentials must be keys, a function that fetches them, or { kinesis, dynamodb } of either",
    );
}

function requireFunctions(option: string, part: unknown, functions: readonly string[]): void {
  requireNoPromise(option, part);
  for (const name of functions) {
    if (!hasMembers(part) || typeof part[name] !== "function")
      throw invalidOption(`${option} must have a function ${name}, and has none`);
  }
}

function requireNoPromise(option: string, part: unknown): void {
  if (!isPromise(part)) return;
  Promise.resolve(part).catch(() => undefined);
  throw invalidOption(`${option} is a promise: await it`);
}

function hasMembers(value: unknown): value is Members {
  return typeof value === "object" && value !== null;
}
