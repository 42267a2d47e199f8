import {
  cureAtProxy,
  describeAwsError,
  identityFailureOf,
  isForeignAnswer,
  laterBy,
} from "@kinesis-connectors/aws";
import { keptCause } from "@kinesis-connectors/core";
import { WireFormatError } from "@kinesis-connectors/wire";

import { KinesisCallError, type KinesisErrorKind } from "./kinesis-api.js";

/**
 * Exception names of Kinesis and of the SDK around it, and what they mean for a reader. Sources: the errors sections of the API
 * reference (GetRecords, GetShardIterator, ListShards, SubscribeToShard, common errors) and the SDK's credential providers.
 */
const KINDS: Readonly<Record<string, KinesisErrorKind>> = {
  KMSThrottlingException: "throttled",
  LimitExceededException: "limit",
  ExpiredIteratorException: "expired-iterator",
  ExpiredNextTokenException: "expired-token",
  ResourceNotFoundException: "not-found",
  ResourceInUseException: "in-use",
  InvalidArgumentException: "invalid-argument",
  ValidationException: "invalid-argument",
  SerializationException: "invalid-argument",
  AccessDeniedException: "access-denied",
  AccessDenied: "access-denied",
  OptInRequired: "access-denied",
  KMSAccessDeniedException: "access-denied",
  KMSDisabledException: "access-denied",
  KMSInvalidStateException: "access-denied",
  KMSNotFoundException: "access-denied",
  KMSOptInRequired: "access-denied",
};

/** What a failure of the SDK means. Unknown ones count as transient, unless the service says that the request itself is wrong. */
function kindOf(error: unknown): KinesisErrorKind {
  if (!(error instanceof Error)) return "transient";
  switch (identityFailureOf(error)) {
    case "clock":
      return "clock";
    case "absent":
    case "expired":
      return "no-credentials";
    case "wrong":
      return "credentials";
    default:
  }
  if (cureAtProxy(error) !== undefined) return "proxy";
  const known = KINDS[error.name];
  if (known !== undefined) return known;
  const later = laterBy(error.name);
  if (later !== undefined) return later === "late" ? "transient" : later;
  if (WireFormatError.isInstance(error) && error.isForeign) return "wire-format";
  // A plain error of the SDK, before any request leaves.
  if (error.message.startsWith("Region is missing")) return "credentials";
  const { status } = describeAwsError(error);
  if (status === 429) return "throttled";
  if (isForeignAnswer(error)) return "transient";
  if (status === 401 || status === 403) return "access-denied";
  return status !== undefined && status >= 400 && status < 500 && status !== 408
    ? "invalid-argument"
    : "transient";
}

/** Experience with the calls so far: operations that have worked, and credentials at all. */
export interface Experience {
  readonly has: (operation: string) => boolean;
  readonly size: number;
  /** Whether expired credentials may be followed by others; false where the caller gave them as an object. */
  readonly renews: boolean;
}

/** A failure of the SDK as a failure of the port. The cause is kept without request and answer; the text names the operation and the service's own message. */
export function asCallError(operation: string, error: unknown, experience?: Experience): KinesisCallError {
  if (error instanceof KinesisCallError) return error;
  let kind = kindOf(error);
  if (experience?.renews === false && identityFailureOf(error) === "expired") kind = "credentials";
  const { code, message, status } = describeAwsError(error);
  const isForeign = isForeignAnswer(error);
  const name = isForeign || !(error instanceof Error) ? code : error.name;
  // Without its full stop: the cure follows it in a sentence of its own.
  const words = `${message.replace(/[.\s]+$/, "")}${isForeign ? ` (HTTP ${status})` : ""}`;
  const said = words === "" ? "" : `: ${words}`;
  const hasWorked =
    experience !== undefined && (kind === "access-denied" ? experience.has(operation) : experience.size > 0);
  return new KinesisCallError(operation, kind, `${operation} failed with ${name}${said}`, {
    cause: keptCause(error),
    hasWorked,
  });
}
