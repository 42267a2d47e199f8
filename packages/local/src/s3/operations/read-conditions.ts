import type { IncomingHttpHeaders } from "node:http";
import { S3Error } from "../errors.js";
import { etagMatches, type StoredObject } from "../store/object-store.js";

/** The headers that make a read conditional. */
export type ReadConditions = Pick<
  IncomingHttpHeaders,
  "if-match" | "if-none-match" | "if-modified-since" | "if-unmodified-since"
>;

/**
 * Judges a conditional read in the order of RFC 9110 section 13.2.2, which S3 follows: an ETag condition that
 * holds makes the corresponding date irrelevant.
 *
 * @throws {S3Error} `PreconditionFailed`
 */
export function judgeRead(object: StoredObject, conditions: ReadConditions): "read" | "not-modified" {
  // Header dates have whole seconds.
  const modifiedMs = Math.floor(object.lastModifiedMs / 1_000) * 1_000;
  const ifMatch = conditions["if-match"];
  const unmodifiedSince = dateOf(conditions["if-unmodified-since"]);
  if (ifMatch !== undefined) {
    if (!etagMatches(ifMatch, object.etag)) {
      throw new S3Error("PreconditionFailed", undefined, { Condition: "If-Match" });
    }
  } else if (unmodifiedSince !== undefined && modifiedMs > unmodifiedSince) {
    throw new S3Error("PreconditionFailed", undefined, { Condition: "If-Unmodified-Since" });
  }
  const ifNoneMatch = conditions["if-none-match"];
  const modifiedSince = dateOf(conditions["if-modified-since"]);
  if (ifNoneMatch !== undefined) return etagMatches(ifNoneMatch, object.etag) ? "not-modified" : "read";
  return modifiedSince !== undefined && modifiedMs <= modifiedSince ? "not-modified" : "read";
}

function dateOf(header: string | undefined): number | undefined {
  const ms = header === undefined ? Number.NaN : Date.parse(header);
  return Number.isNaN(ms) ? undefined : ms;
}

/** First and last byte, both included. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/**
 * Reads a Range header (RFC 9110 section 14.1.2).
 *
 * @returns nothing when there is none or when it is one that S3 ignores: malformed, or several ranges
 * @throws {S3Error} `InvalidRange` when no byte of the object is in it
 */
export function rangeOf(header: string | undefined, length: number): ByteRange | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? "");
  if (match === null) return undefined;
  const [, from = "", to = ""] = match;
  if (from === "" && to === "") return undefined;
  const first = from === "" ? Math.max(0, length - Number(to)) : Number(from);
  const last = from === "" || to === "" ? length - 1 : Math.min(Number(to), length - 1);
  if (from !== "" && to !== "" && Number(to) < Number(from)) return undefined;
  if (first >= length || (from === "" && Number(to) === 0)) {
    throw new S3Error("InvalidRange", undefined, {
      RangeRequested: header ?? "",
      ActualObjectSize: String(length),
    });
  }
  return { first, last };
}
