import { types } from "node:util";

const PROGRAMMING_ERRORS = new Set(["TypeError", "ReferenceError", "RangeError"]);

// What the fetch standard has failures of the network thrown as ("network error", step 12 of fetch()), in the words of undici, of
// browsers' engines that run beside Node, and for a body that breaks off.
const NETWORK_FAILURES = new Set(["fetch failed", "Failed to fetch", "terminated", "network error"]);

// V8, when there is no memory left: it may be there again a moment later.
const OUT_OF_MEMORY = new Set(["Array buffer allocation failed"]);

// A chain that runs in a circle has to end somewhere.
const MAX_CAUSES = 5;

/**
 * Whether it is a mistake in code (a member of undefined, an unknown name, a number out of range), which no waiting mends, and no failure of
 * a network or of a service. Node's `fetch` throws its failures as TypeErrors too, told by their text or by the failure that is their cause; a
 * client of the AWS SDK that cannot read an answer puts the answer beside the error (`$response`).
 */
export function isProgrammingError(thrown: unknown, causes: number = MAX_CAUSES): boolean {
  if (!isError(thrown) || !PROGRAMMING_ERRORS.has(thrown.name) || "$response" in thrown) return false;
  if (NETWORK_FAILURES.has(thrown.message) || OUT_OF_MEMORY.has(thrown.message)) return false;
  return thrown.cause === undefined || (causes > 0 && isProgrammingError(thrown.cause, causes - 1));
}

/** Whether it is an Error, also one of another realm (`node:vm`, a test runner). */
export function isError(value: unknown): value is Error {
  return value instanceof Error || types.isNativeError(value);
}

/** Where an error was thrown, as its stack says: the name of a function and a place in a file, and nothing of the data. */
export function locationOf(error: Error): string | undefined {
  const frames = error.stack?.split("\n").filter((line) => /^\s+at /.test(line)) ?? [];
  // Functions of the language and of Node come before the line that called them wrongly.
  const own = frames.find((line) => !/\(?(<anonymous>|native|node:)/.test(line));
  return (own ?? frames[0])?.trim();
}
