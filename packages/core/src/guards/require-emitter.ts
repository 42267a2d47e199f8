import { KinesisConnectorError } from "../errors.js";
import { isPromise } from "../maybe-promise.js";
import { hasMembers, shown } from "../options.js";

const OPTIONAL_FUNCTIONS = [
  "sizeOf",
  "createWriter",
  "plan",
  "objectCount",
  "planWithout",
  "isWritten",
  "wouldDouble",
  "around",
  "open",
  "close",
] as const;

/**
 * Checks what was given as an emitter.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming what it lacks
 */
export function requireEmitter(option: string, emitter: unknown): void {
  const invalid = (message: string): KinesisConnectorError =>
    new KinesisConnectorError("KC_OPTION_INVALID", message);
  if (emitter === undefined || emitter === null)
    throw invalid(`${option} is missing: give it what s3Emitter({ ... }) or another factory returns`);
  if (hasMembers(emitter) && isPromise(emitter)) {
    Promise.resolve(emitter).catch(() => undefined);
    throw invalid(`${option} is a promise: await it`);
  }
  if (typeof emitter === "function")
    throw invalid(`${option} is a function: give it what the function returns`);
  if (!hasMembers(emitter)) throw invalid(`${option} must be an emitter, but is ${shown(emitter)}`);
  if (typeof emitter["emit"] !== "function")
    throw invalid(`${option}.emit must be a function, but is ${shown(emitter["emit"])}`);
  for (const name of OPTIONAL_FUNCTIONS) {
    const value = emitter[name];
    if (value !== undefined && typeof value !== "function")
      throw invalid(`${option}.${name} must be a function, or left out, but is ${shown(value)}`);
  }
  const { spill, batching } = emitter;
  if (batching !== undefined) requireMembers(`${option}.batching`, batching, invalid);
  if (spill === undefined) return;
  requireMembers(`${option}.spill`, spill, invalid);
  for (const name of ["store", "load"] as const)
    if (typeof spill[name] !== "function")
      throw invalid(`${option}.spill.${name} must be a function, but is ${shown(spill[name])}`);
}

function requireMembers(
  option: string,
  value: unknown,
  invalid: (message: string) => KinesisConnectorError,
): asserts value is Readonly<Record<string, unknown>> {
  if (!hasMembers(value)) throw invalid(`${option} must be an object, but is ${shown(value)}`);
}
