import type { KinesisClientConfig } from "@aws-sdk/client-kinesis";
import type { ProxyOption } from "@kinesis-connectors/aws";
import type { Logger } from "@kinesis-connectors/core";

import { version } from "./version.js";

/** What a caller may say about reaching AWS. What is left out, the SDK finds where it always does. */
export interface AwsClientOptions {
  /** Default: where the SDK finds one. */
  readonly region?: string | undefined;
  /** Default: the service's own in the region, or what the SDK's variables name. */
  readonly endpoint?: string | undefined;
  /** Default: those that the SDK finds. */
  readonly credentials?: KinesisClientConfig["credentials"] | undefined;
  /** Permits `http` to other machines, by whatever names them. Default false. */
  readonly allowInsecure?: boolean | undefined;
  /** URL of a proxy for everything, or false for none. Default: what the environment says. */
  readonly proxy?: ProxyOption | undefined;
}

/** Time limit of a connection, in milliseconds. */
export const CONNECTION_TIMEOUT_MS = 5_000;

/** One connection per request under way: a shard has at most one. Beyond this many, requests queue. */
export const MAX_CONNECTIONS = 512;

/** What the configurations of all our clients have in common. */
export function common({ region, endpoint, credentials }: AwsClientOptions, logger: Logger): CommonConfig {
  return {
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
    // Calls are repeated by those who make them, on their clock and knowing what a lost answer means; a second layer below would
    // hide throttling and make a refused condition ambiguous.
    maxAttempts: 1,
    customUserAgent: [["kinesis-connectors", version]] satisfies [string, string][],
    logger: sdkLogger(logger),
  };
}

interface CommonConfig extends Pick<
  KinesisClientConfig,
  "region" | "endpoint" | "credentials" | "maxAttempts"
> {
  readonly customUserAgent: [string, string][];
  readonly logger: NonNullable<KinesisClientConfig["logger"]>;
}

/** Without `info`: the SDK's logging step walks over every record only to have something to pass to it. */
function sdkLogger(logger: Logger): NonNullable<KinesisClientConfig["logger"]> {
  const quiet = {
    debug: () => undefined,
    warn: (...content: unknown[]) => logger.warn({ from: "aws-sdk" }, saidBySdk(content[0])),
    // Failed calls are told by whoever made them, who knows which of them are routine.
    error: (...content: unknown[]) => logger.debug({ from: "aws-sdk" }, saidBySdk(content[0])),
  };
  // The type asks for `info`; the SDK calls it only where it exists (`logger?.info?.(...)`).
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return quiet as unknown as NonNullable<KinesisClientConfig["logger"]>;
}

/** A line of the SDK's own. Of a failed call it hands over everything, input included: only its name and the error's may be shown. */
function saidBySdk(content: unknown): string {
  if (typeof content === "string") return content.slice(0, 500);
  if (typeof content !== "object" || content === null) return "a line without text";
  const { commandName, error } = content as { commandName?: unknown; error?: { name?: unknown } };
  return `${typeof commandName === "string" ? commandName : "a call"} failed: ${typeof error?.name === "string" ? error.name : "no name"}`;
}
