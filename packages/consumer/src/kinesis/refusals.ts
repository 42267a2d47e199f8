import { CLOCK_CURE, cureAtStart, PROXY_CURE } from "@kinesis-connectors/aws";
import { KinesisConnectorError } from "@kinesis-connectors/core";

import type { KinesisCallError } from "./kinesis-api.js";

// "Quotas and limits" of the Kinesis developer guide, and "Queues" for what they take of it.
const CONSUMERS_CURE =
  "A stream has at most 20 registered consumers (50 on On-demand Advantage), queues on it count among them, and 5 may be made at a time: deregister one, " +
  "share one that is there by consumerName, or use polling()";

/** The cure of a refused call, for its user. */
export function cureOf(error: KinesisCallError): string {
  switch (error.kind) {
    case "access-denied":
      return `Allow kinesis:${error.operation} on the stream, and kms:Decrypt on its key where it is encrypted`;
    case "no-credentials":
    case "credentials":
      return (
        "Check the credentials (option credentials; without it AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE or a role; those of a session expire), " +
        "the region and the machine's clock"
      );
    case "clock":
      return capitalised(CLOCK_CURE);
    case "proxy":
      return capitalised(PROXY_CURE);
    case "wire-format":
      return 'Such a server needs JSON from all who put and read: wireFormat "json", or AWS_CBOR_DISABLE=1';
    case "throttled":
    case "limit":
      if (error.operation === "RegisterStreamConsumer") return CONSUMERS_CURE;
      return "Others use up the calls that the account may make: start fewer programs at a time, or ask AWS for a higher limit";
    case "invalid-argument":
      return "Check the stream's name or ARN and the initial position";
    default:
      return "See the cause";
  }
}

/** The cure where a start did not come through to Kinesis. */
export function cureOfTheWay({ cause }: KinesisCallError): string {
  return capitalised(
    cureAtStart(cause) ??
      "check the network, the region, the option endpoints and the proxy, if there is one",
  );
}

function capitalised(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** The error for a stream that is not there, or no longer the one that the checkpoints belong to. */
export function streamMissing(stream: string, reason: string, cause: unknown): KinesisConnectorError {
  return new KinesisConnectorError("KC_STREAM_MISSING", `stream ${stream} ${reason}`, { cause });
}
