import {
  cureAtStart,
  CREDENTIALS_CURE,
  describeAwsError,
  identityOutcomeOf,
  laterBy,
  summaryOf as awsSummaryOf,
} from "@kinesis-connectors/aws";
import { KinesisConnectorError } from "@kinesis-connectors/core";

/** What a failed request means for the object it was about. */
export type Failure =
  /** Something is at the key already; whose it is must be looked at. */
  | { readonly kind: "taken" }
  /** May work later: throttling, 5xx, conflicts, time-outs, resets, an upload that is gone. */
  | { readonly kind: "retry" }
  /** The session's credentials are over; fresh ones may do. */
  | { readonly kind: "expired" }
  /** No repetition mends it; `cure` says what will. */
  | { readonly kind: "refused"; readonly cure: string };

const RETRY: Failure = { kind: "retry" };

/** Codes below 500 that S3 means to be repeated ("Error responses" of the S3 API reference); uploads that are gone start anew. */
const REPEATED = new Set([
  "ConditionalRequestConflict",
  "OperationAborted",
  "IncompleteBody",
  "BadDigest",
  "XAmzContentSHA256Mismatch",
  "NoSuchUpload",
  "InvalidPart",
  "TemporaryRedirect", // A bucket whose name is not known everywhere yet.
]);

const REGION = "set `region` to the region of the bucket";

/** Codes that no repetition mends, with the cure (same page). */
export const CURES: ReadonlyMap<string, string> = new Map([
  ["NoSuchBucket", "create the bucket, or correct `bucket`"],
  ["InvalidBucketName", "correct `bucket`"],
  [
    "AccessDenied",
    "grant s3:PutObject, s3:GetObject and s3:AbortMultipartUpload on the prefix (and kms:GenerateDataKey and kms:Decrypt on the key of SSE-KMS), and check `expectedBucketOwner`",
  ],
  ["AllAccessDisabled", "the bucket is disabled: ask AWS support"],
  ["AccountProblem", "the account cannot be used: ask AWS support"],
  ["PermanentRedirect", REGION],
  ["AuthorizationHeaderMalformed", REGION],
  ["IllegalLocationConstraintException", REGION],
  ["InvalidStorageClass", "correct `storageClass`"],
  [
    "NotImplemented",
    "the endpoint lacks conditional writes (If-None-Match), which each batch relies on: use another",
  ],
]);

/**
 * Sorts what a request to S3 failed with. Pure.
 * @param cures - by code, where the options and rights are others than those of emitters
 */
export function failureOf(error: unknown, cures: ReadonlyMap<string, string> = CURES): Failure {
  const { code, status } = describeAwsError(error);
  const identity = identityOutcomeOf(error);
  if (identity !== undefined) return identity;
  if (REPEATED.has(code) || laterBy(code) !== undefined) return RETRY;
  // S3 passes the errors of KMS on by these names; a disabled or missing key stays so until somebody acts.
  if (/^(?:KMS\.|Kms)/.test(code)) {
    if (/Throttling|Internal|Timeout|Unavailable/.test(code)) return RETRY;
    return {
      kind: "refused",
      cure: "enable the key named by `sseKmsKeyId`, or of the bucket's default encryption",
    };
  }
  if (code === "PreconditionFailed" || status === 412) return { kind: "taken" };
  const cure = cures.get(code);
  if (cure !== undefined) return { kind: "refused", cure: cure === REGION ? regionCureOf(error) : cure };
  // Without a status no answer came: reset, refused connection, unknown host, time-out, credentials not served for a moment.
  if (status === undefined || status >= 500 || status === 408 || status === 409 || status === 429)
    return RETRY;
  if (code === "ForeignAnswer") return RETRY;
  if (status === 403) return { kind: "refused", cure: cures.get("AccessDenied") ?? CREDENTIALS_CURE };
  if (status === 301 || status === 307) return { kind: "refused", cure: regionCureOf(error) };
  if (status >= 400) return { kind: "refused", cure: "see the code and correct the option it is about" };
  // A success that could not be read: whether it was applied shows when it is repeated.
  return RETRY;
}

/** S3 says where a bucket is (`x-amz-bucket-region`, HeadBucket of the API reference) when it is asked for it elsewhere. */
function regionCureOf(error: unknown): string {
  const response: unknown = error instanceof Error ? Reflect.get(error, "$response") : undefined;
  const { headers } = (response ?? {}) as { readonly headers?: Readonly<Record<string, unknown>> };
  const region = headers?.["x-amz-bucket-region"];
  return typeof region === "string" && /^[a-z0-9-]{1,40}$/.test(region)
    ? `set \`region\` to ${region}, where the bucket is`
    : REGION;
}

/**
 * The cure for what a first look at the bucket failed with; undefined when that says nothing about writing to it: 403, because
 * looking takes s3:ListBucket and writing does not, and what passes by itself.
 */
export function cureAtOpen(error: unknown): string | undefined {
  const { status } = describeAwsError(error);
  if (status === 404) return CURES.get("NoSuchBucket");
  if (status === 301 || status === 307) return regionCureOf(error);
  // A HEAD has no body to tell them apart.
  if (status === 400)
    return `${regionCureOf(error)}, or renew the session's credentials if they have expired`;
  if (status !== undefined) return undefined;
  return cureAtStart(error) ?? "it cannot be reached; check `endpoint`, `region` and the network";
}

/** Codes of reads that no repetition mends, with the cure. */
const READ_CURES: ReadonlyMap<string, string> = new Map([
  [
    "NoSuchBucket",
    "there is no such bucket: correct its name (`bucket`), or say where it is (`region`, `endpoint`)",
  ],
  ["InvalidBucketName", "correct the bucket's name (`bucket`)"],
  ["PermanentRedirect", REGION],
  ["AuthorizationHeaderMalformed", REGION],
]);

/** The cure for a read that was refused: of the bucket, the caller's identity, or the object and the rights on it. */
export function readCureOf(error: unknown): string {
  const { code, status } = describeAwsError(error);
  const identity = identityOutcomeOf(error);
  if (identity?.kind === "refused") return identity.cure;
  if (status === 301 || status === 307) return regionCureOf(error);
  return (
    READ_CURES.get(code) ??
    "check the object, s3:GetObject on it and, to read a prefix, s3:ListBucket on the bucket"
  );
}

/**
 * Looks whether an answer that says that an object or a part was taken is S3's own, which has an ETag always (PutObject, UploadPart and
 * CompleteMultipartUpload of its API reference). A page of a load balancer has none, and the client takes it for a success all the same. What came from no
 * server, but from a client of the caller's that stands in for one, has no status.
 * @throws Error to be tried again
 */
export function requireOfS3(
  operation: string,
  {
    ETag,
    $metadata,
  }: {
    readonly ETag?: string | undefined;
    readonly $metadata?: { readonly httpStatusCode?: number | undefined };
  },
): void {
  if ((ETag !== undefined && ETag !== "") || $metadata?.httpStatusCode === undefined) return;
  const error = new Error(
    `the answer to ${operation} says that all is well, and has no ETag: it is not of S3, but of something that answers in its place`,
  );
  error.name = "ForeignAnswer";
  throw error;
}

/** The HTTP status of an error of the SDK; undefined when no answer came. */
export function statusOf(error: unknown): number | undefined {
  return describeAwsError(error).status;
}

/** The service's code of an error, or its name. */
export function errorCodeOf(error: unknown): string {
  return describeAwsError(error).code;
}

/**
 * An error of the SDK reduced to its code, message, status and request id. The original carries the whole answer, in which S3
 * repeats the access key and the signed request of a refused signature.
 */
export function summaryOf(error: unknown): Error {
  return awsSummaryOf(error, { service: "S3", message: true });
}

/** The error that stops a shard: what S3 refused, and the cure. */
export function refusal(action: string, cure: string, error: unknown): KinesisConnectorError {
  return new KinesisConnectorError(
    "KC_EMIT_REFUSED",
    `S3 refused ${action} (${errorCodeOf(error)}): ${cure}`,
    {
      cause: summaryOf(error),
    },
  );
}
