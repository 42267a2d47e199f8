import {
  CLOCK_CURE,
  CREDENTIALS_CURE,
  cureAtStart,
  describeAwsError,
  identityFailureOf,
  RENEW_CURE,
} from "@kinesis-connectors/aws";

const AWAY: ReadonlySet<string> = new Set(["ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED"]);

/** How a call that went wrong for its region, credentials, clock or address is mended; undefined for what is none of these. */
export function cureOf(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error)) return undefined;
  return cureOfOne(thrown) ?? cureOf(thrown.cause);
}

function cureOfOne(error: Error): string | undefined {
  // What the libraries call an option is a flag here.
  const atHome = cureAtStart(error)?.replaceAll("`region`", "--region");
  if (atHome !== undefined) return atHome;
  switch (identityFailureOf(error)) {
    case "expired":
      return RENEW_CURE;
    case "clock":
      return CLOCK_CURE;
    case "wrong":
      return CREDENTIALS_CURE;
    default:
      return AWAY.has(describeAwsError(error).code)
        ? "check the region, the endpoints and the network"
        : undefined;
  }
}
