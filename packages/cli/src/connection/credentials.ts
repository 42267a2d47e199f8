import type { ConnectorOptions } from "@kinesis-connectors/consumer";

/** Credentials as a connector takes them: for both services, or each its own. */
export type GivenCredentials = ConnectorOptions<unknown, unknown>["credentials"];

/** Credentials of one service. */
type Credentials = Exclude<
  GivenCredentials,
  undefined | { readonly kinesis?: unknown; readonly dynamodb?: unknown }
>;

/** Those of one service; undefined where the SDK finds them itself. */
export function credentialsFor(
  given: GivenCredentials,
  service: "kinesis" | "dynamodb",
): Credentials | undefined {
  if (given === undefined) return undefined;
  if (typeof given === "object" && ("kinesis" in given || "dynamodb" in given)) return given[service];
  return given as Credentials;
}
