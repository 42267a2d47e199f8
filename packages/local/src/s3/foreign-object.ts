import { findFault, type FiredFault } from "../faults.js";
import type { S3Context } from "./call.js";
import type { S3Address } from "./protocol/address.js";
import { plainObject } from "./store/plain-object.js";

const DEFAULT_BODY = "written by somebody else\n";

/** What a rule asks for in this phase: somebody else writes an object at the key that the call is about, whatever is there. */
export function writeForeignObject(
  faults: readonly FiredFault[],
  phase: "before" | "after",
  { bucket, key }: S3Address,
  { store, clock }: S3Context,
): void {
  const effect = findFault(faults, "foreign-object", phase);
  if (effect === undefined || bucket === undefined || key === undefined) return;
  store.bucket(bucket)?.replace(plainObject(key, Buffer.from(effect.body ?? DEFAULT_BODY), clock));
}
