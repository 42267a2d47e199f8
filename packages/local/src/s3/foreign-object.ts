import { createHash } from "node:crypto";
import { findFault, type FiredFault } from "../faults.js";
import type { S3Context } from "./call.js";
import { checksumOf } from "./protocol/checksums.js";
import type { S3Address } from "./protocol/address.js";

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
  const body = Buffer.from(effect.body ?? DEFAULT_BODY);
  store.bucket(bucket)?.replace({
    key,
    body,
    etag: `"${createHash("md5").update(body).digest("hex")}"`,
    lastModifiedMs: clock.now(),
    checksum: { algorithm: "CRC64NVME", value: checksumOf("CRC64NVME", body), type: "FULL_OBJECT" },
    headers: { "content-type": "binary/octet-stream" },
    tags: new Map(),
    partSizes: undefined,
  });
}
