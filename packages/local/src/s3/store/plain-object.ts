import { createHash } from "node:crypto";
import type { Clock } from "../../clock.js";
import { checksumOf } from "../protocol/checksums.js";
import type { StoredObject } from "./object-store.js";

/** An object as somebody's plain PutObject leaves it, without a request. */
export function plainObject(
  key: string,
  body: Buffer,
  clock: Clock,
  contentType = "binary/octet-stream",
): StoredObject {
  return {
    key,
    body,
    etag: `"${createHash("md5").update(body).digest("hex")}"`,
    lastModifiedMs: clock.now(),
    checksum: { algorithm: "CRC64NVME", value: checksumOf("CRC64NVME", body), type: "FULL_OBJECT" },
    headers: { "content-type": contentType },
    tags: new Map(),
    partSizes: undefined,
  };
}
