import { asError, KinesisConnectorError, type Logger } from "@kinesis-connectors/core";

import type { ConnectorEvent } from "./events.js";
import type { KinesisErrorKind } from "./kinesis/kinesis-api.js";

// The first failure of a call is everyday life; a row of them is worth a line, now and then.
const RETRIES_PER_LINE = 5;

/** What does not pass by itself as a rule: told at once. */
const NEEDS_SOMEBODY: ReadonlySet<KinesisErrorKind> = new Set([
  "access-denied",
  "no-credentials",
  "credentials",
  "clock",
]);

/**
 * Writes what an operator wants to see of an event, by the event's own name. What the worker and the engine log themselves, and what
 * happens all the time, is left out. Fields hold names, sizes and codes; never a record's data.
 */
export function logEvent(logger: Logger, event: ConnectorEvent): void {
  switch (event.type) {
    case "connector-start":
      logger.info(event, event.type);
      return;
    case "connector-stop":
      if (event.error === undefined) logger.info({}, event.type);
      else logger.error({ error: shown(event.error) }, event.type);
      return;
    case "read-retry": {
      const { stream, shardId, operation, kind, attempt, error } = event;
      const atOnce = isWrongAnswer(error) || (attempt === 1 && NEEDS_SOMEBODY.has(kind));
      if (atOnce || attempt % RETRIES_PER_LINE === 0)
        logger.warn({ stream, shardId, operation, kind, attempt, error: shown(error) }, event.type);
      return;
    }
    case "subscription-end":
      logger.debug({ stream: event.stream, shardId: event.shardId, reason: event.reason }, event.type);
      return;
    case "iterator-renew":
      logger.debug(event, event.type);
      return;
    case "retention-risk":
    case "shard-end-doubt":
    case "page-refuse":
    case "aggregate-drop":
      logger.warn(event, event.type);
      return;
    case "fan-out-fallback":
      logger.warn({ stream: event.stream, shardId: event.shardId, error: shown(event.error) }, event.type);
      return;
    default:
  }
}

/** What came was no answer to the request: somebody in between is broken, and each time is worth a line. */
function isWrongAnswer({ cause }: Error): boolean {
  return cause instanceof Error && cause.name === "HttpFormatError";
}

function shown(error: Error): string {
  const code = KinesisConnectorError.isInstance(error) ? error.code : asError(error).name;
  return `${code}: ${error.message.slice(0, 1000)}`;
}
