import type { Position, PreparedBatch } from "@kinesis-connectors/core";

/** A prepared batch as the bytes of `pendingCheckpointState`: JSON with a version. */
export function pendingStateOf(batch: PreparedBatch): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(batch));
}

/** The prepared batch in a row; undefined when the bytes are not one of ours (a KCL application stores what it likes there). */
export function preparedBatchOf(state: Uint8Array): PreparedBatch | undefined {
  const value = jsonOf(state);
  return isPreparedBatch(value) ? value : undefined;
}

function jsonOf(state: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(state));
  } catch {
    // Not UTF-8, or not JSON: some other application's state.
    return undefined;
  }
}

/** The version of a prepared batch that another release of these packages has written; undefined for everything else. */
export function otherVersionOf(state: Uint8Array): number | undefined {
  const value = jsonOf(state);
  if (!isObject(value) || typeof value["batchId"] !== "string") return undefined;
  const { v } = value;
  return typeof v === "number" && v !== 1 && isPosition(value["first"]) && isPosition(value["last"])
    ? v
    : undefined;
}

function isPreparedBatch(value: unknown): value is PreparedBatch {
  return (
    isObject(value) &&
    value["v"] === 1 &&
    typeof value["batchId"] === "string" &&
    isPosition(value["first"]) &&
    isPosition(value["last"]) &&
    isCount(value["recordCount"])
  );
}

function isPosition(value: unknown): value is Position {
  return (
    isObject(value) &&
    typeof value["sequenceNumber"] === "string" &&
    /^[0-9]+$/.test(value["sequenceNumber"]) &&
    isCount(value["subSequenceNumber"])
  );
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
