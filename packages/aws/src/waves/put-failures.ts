import { KinesisConnectorError } from "@kinesis-connectors/core";
import {
  CREDENTIALS_CURE,
  cureAtStart,
  describeAwsError,
  identityFailureOf,
  identityOutcomeOf,
  isForeignAnswer,
  laterBy,
  RENEW_CURE,
  summaryOf,
} from "../aws-error.js";
import type { RequestFailure } from "./put-in-waves.js";

/** What a service says to requests that put records, by code. */
export interface PutFailureRules {
  /** Its name in messages, such as `Firehose`. */
  readonly service: string;
  /** What is put into, such as `delivery stream`. */
  readonly target: string;
  /** Codes below 500 that mean "later", beside those of all services. */
  readonly repeated: ReadonlySet<string>;
  /** Codes that no repetition mends, with the cure. */
  readonly cures: ReadonlyMap<string, string>;
  /** Codes among `cures` that say that the target is not there. */
  readonly missing: ReadonlySet<string>;
  /** Codes whose message may quote what was put, keys included: it must not reach a log. */
  readonly quoting: ReadonlySet<string>;
  /** A code as the sets above name it. Default: as the service gives it. */
  readonly plainCode?: (code: string) => string;
}

/** Sorts the failures of such requests, and words them. */
export interface PutFailures {
  /** Sorts what a request failed with. Pure. */
  readonly failureOf: (error: unknown) => RequestFailure;
  /** The cure for what a first look at the target failed with; undefined when that says nothing about putting into it. */
  readonly cureAtOpen: (error: unknown) => string | undefined;
  /** An error of the SDK reduced to its code, status and request id, and its message where that quotes nothing. */
  readonly summaryOf: (error: unknown) => Error;
  /** Whether why an entry of a request was not taken, as an error named by its code, says nothing against the entry: throttling, and failures of the service. */
  readonly isOutage: (failure: Error) => boolean;
  /** The error that stops a shard: what the service refused, and the cure. */
  readonly refusal: (name: string, cure: string, error: unknown) => KinesisConnectorError;
}

/** Codes of entries that a failure of the service itself left out (PutRecords, PutRecordBatch, SendMessageBatch; common errors of the API references). */
const OF_THE_SERVICE = new Set([
  "InternalError",
  "InternalFailure",
  "ServiceUnavailable",
  "ServiceUnavailableException",
]);

/** The failures of a service that takes records in batches. */
export function putFailures(rules: PutFailureRules): PutFailures {
  const { service, target, repeated, cures, missing, quoting, plainCode = (code) => code } = rules;
  const brief = (error: unknown): Error =>
    summaryOf(error, { service, message: !quoting.has(plainCode(describeAwsError(error).code)) });
  const isRepeated = (code: string): boolean =>
    repeated.has(plainCode(code)) || laterBy(plainCode(code)) !== undefined;
  return {
    failureOf: (error) => {
      const { code, status, message } = describeAwsError(error);
      const identity = identityOutcomeOf(error);
      if (identity !== undefined) return identity;
      if (isRepeated(code)) return { kind: "retry" };
      const cure = cures.get(plainCode(code));
      if (cure !== undefined) return { kind: "refused", cure };
      if (message.startsWith("Region is missing"))
        return { kind: "refused", cure: "set `region`, or AWS_REGION" };
      // Without a status no answer came: reset, refused connection, unknown host, time-out, credentials not served for a moment.
      if (status === undefined || status >= 500 || status === 408 || status === 429) return { kind: "retry" };
      if (isForeignAnswer(error) && status !== 413) return { kind: "retry" };
      if (status === 401 || status === 403) return { kind: "refused", cure: CREDENTIALS_CURE };
      if (status >= 400) return { kind: "refused", cure: "see the code and correct the option it is about" };
      // A success that could not be read: it is repeated, which may write records twice.
      return { kind: "retry" };
    },
    cureAtOpen: (error) => {
      const { code, status } = describeAwsError(error);
      if (missing.has(plainCode(code))) return cures.get(plainCode(code));
      const identity = identityFailureOf(error);
      if (identity === "wrong") return CREDENTIALS_CURE;
      if (identity === "expired") return RENEW_CURE;
      const home = cureAtStart(error);
      if (home !== undefined) return home;
      return status === undefined
        ? "it cannot be reached; check `endpoint`, `region` and the network"
        : undefined;
    },
    summaryOf: brief,
    isOutage: ({ name }) => OF_THE_SERVICE.has(plainCode(name)) || isRepeated(name),
    refusal: (name, cure, error) =>
      new KinesisConnectorError(
        "KC_EMIT_REFUSED",
        `${service} refused the ${target} "${name}" (${describeAwsError(error).code}): ${cure}`,
        { cause: brief(error) },
      ),
  };
}
