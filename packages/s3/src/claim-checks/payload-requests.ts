import { cureAtHome, limited, RENEW_CURE } from "@kinesis-connectors/aws";
import { type Clock, KinesisConnectorError } from "@kinesis-connectors/core";
import type { S3Connection } from "../connection.js";
import { CURES, errorCodeOf, failureOf, summaryOf } from "../failures.js";

/** How a refusal is mended. */
export interface PayloadCures {
  /** The option that names the bucket. */
  readonly option: string;
  /** The rights that it takes. */
  readonly rights: string;
}

/**
 * Makes a request about a payload, its body included, within the connection's time.
 * @param what - for messages: `the payload of a claim check in "payloads"`
 * @throws KinesisConnectorError `KC_LOOKUP_FAILED`, `KC_LOOKUP_REFUSED`; one that the request throws itself comes through
 */
export type PayloadRequest = <Answer>(
  what: string,
  request: (abortSignal: AbortSignal) => Promise<Answer>,
) => Promise<Answer>;

/** Makes requests about payloads, and sorts what they fail with: an outage is tried again, and a refusal stops the shard. */
export function payloadRequests(
  connection: S3Connection,
  { option, rights }: PayloadCures,
  clock: Clock,
): PayloadRequest {
  const cures = new Map([
    ...CURES,
    ["NoSuchBucket", `create the bucket, or correct \`${option}\``],
    ["InvalidBucketName", `correct \`${option}\``],
    ["AccessDenied", `grant ${rights}, and check \`expectedBucketOwner\``],
  ]);
  // Only its time bounds a look-up: no shard's signal reaches a transformer.
  const { signal } = new AbortController();
  let isChecked = false;
  let hasWorked = false;

  const failed = async (what: string, error: unknown): Promise<KinesisConnectorError> => {
    const code = errorCodeOf(error);
    const cause = summaryOf(error);
    const refused = (cure: string): KinesisConnectorError =>
      new KinesisConnectorError("KC_LOOKUP_REFUSED", `S3 refused ${what} (${code}): ${cure}`, { cause });
    // Credentials that are away after they have worked are an outage of whoever provides them.
    const atHome = hasWorked ? undefined : cureAtHome(error);
    if (atHome !== undefined) return refused(atHome);
    const failure = failureOf(error, cures);
    if (failure.kind === "refused") return refused(failure.cure);
    if (failure.kind === "expired") {
      if (!connection.renewsCredentials) return refused(RENEW_CURE);
      // Where none can be had either, the next try says so.
      await Promise.allSettled([connection.refreshCredentials()]);
    }
    return new KinesisConnectorError("KC_LOOKUP_FAILED", `S3 did not answer for ${what} (${code})`, {
      cause,
    });
  };

  return async (what, request) => {
    try {
      if (!isChecked) await connection.checkEndpoint();
      isChecked = true;
      const answer = await limited(connection, { signal, clock }, request);
      hasWorked = true;
      return answer;
    } catch (error) {
      throw KinesisConnectorError.isInstance(error) ? error : await failed(what, error);
    }
  };
}
