import { errorFields, type ErrorFields, type Position } from "@kinesis-connectors/core";

import { DeliveryLog, type DeliveryLogOptions, totalsOf } from "./delivery-log.js";
import type { ConnectorEvent } from "./events.js";
import type { KinesisErrorKind } from "./kinesis/kinesis-api.js";

// The first failures of a call are everyday life; a row of them is worth a line, and then now and then.
const FIRST_LINE = 3;
const RETRIES_PER_LINE = 5;

/** What does not pass by itself as a rule: told at once. */
const NEEDS_SOMEBODY: ReadonlySet<KinesisErrorKind> = new Set([
  "access-denied",
  "no-credentials",
  "credentials",
  "clock",
  "proxy",
]);

/** What the log of a connector is written with. */
export interface EventLogOptions extends DeliveryLogOptions {
  /** Whether the caller asked for another beginning than the oldest record. */
  readonly hasInitialPosition: boolean;
}

/**
 * Writes what an operator wants to see of the events, by the event's own name: one line for each that asks for something, and for the comings and goings
 * of shards. What the engine logs itself (`emit-retry`, dead letters) is left out, and what happens all the time is a line at `debug` at most: the summary
 * counts it. Fields hold names, sizes and codes; never a record's data.
 */
export class EventLog {
  readonly #options: EventLogOptions;
  readonly #deliveries: DeliveryLog;
  /** Where each shard that is read stands: the batch on its way, the last commit. */
  readonly #standing = new Map<string, { batchId?: string; checkpoint?: Position }>();
  #saidCheckpoint = false;
  /** Of failures, each of which ends the connector: no more than there are shards. */
  readonly #toldWords = new Set<string>();

  constructor(options: EventLogOptions) {
    this.#options = options;
    this.#deliveries = new DeliveryLog(options);
  }

  write(event: ConnectorEvent): void {
    const { logger } = this.#options;
    switch (event.type) {
      case "connector-start":
        logger.info(event, event.type);
        return;
      case "connector-stop":
        if (event.error === undefined) logger.info(this.#totals(), event.type);
        else logger.error({ ...this.#totals(), ...this.#toldOnce(event.error) }, event.type);
        return;
      case "shard-start": {
        const { stream, shardId, checkpoint, inherited } = event;
        logger.info({ stream, shardId, checkpoint: textOf(checkpoint), inherited }, event.type);
        this.#standing.set(shardId, {});
        if (checkpoint !== undefined) this.#checkpointCounts(shardId);
        return;
      }
      case "shard-end":
        this.#standing.delete(event.shardId);
        logger.info(
          { stream: event.stream, shardId: event.shardId, children: event.childShardIds },
          event.type,
        );
        return;
      case "shard-stop": {
        const { stream, shardId, reason, error } = event;
        // After an error `shard-fail` tells of it.
        if (reason !== "error") this.#standing.delete(shardId);
        logger.info(
          { stream, shardId, reason, ...(error === undefined ? {} : { error: codeOf(error) }) },
          event.type,
        );
        return;
      }
      case "shard-fail":
        this.#shardFail(event);
        return;
      case "batch-start":
        this.#stand(event.shardId, { batchId: event.batchId });
        return;
      case "checkpoint-commit":
        this.#deliveries.commit(event, this.#standing.get(event.shardId)?.batchId);
        this.#stand(event.shardId, { checkpoint: event.checkpoint });
        return;
      case "read-retry":
        this.#readRetry(event);
        return;
      case "lease-retry":
        logger.warn({ step: event.step, ...errorFields(event.error) }, "lease-retry: it is tried again");
        return;
      case "lease-resume":
      case "lease-take":
      case "lease-evict":
      case "lease-handoff":
      case "lease-assign":
      case "lease-end":
      case "parent-wait":
      case "shard-pause":
      case "shard-resume":
      case "leader-elect":
      case "shard-sync":
        logger.info(withoutType(event), event.type);
        return;
      case "subscription-end":
        logger.debug(
          {
            stream: event.stream,
            shardId: event.shardId,
            reason: event.reason,
            ...(event.error === undefined ? {} : said(event.error)),
          },
          event.type,
        );
        return;
      case "iterator-renew":
        logger.debug(withoutType(event), event.type);
        return;
      case "range-wait": {
        const { stream, shardId, waitsUntilMs } = event;
        logger.info({ stream, shardId, waitsUntil: new Date(waitsUntilMs).toISOString() }, event.type);
        return;
      }
      case "retention-gap": {
        const { stream, shardId, expected, found } = event;
        logger.warn({ stream, shardId, expected: textOf(expected), found: textOf(found) }, event.type);
        return;
      }
      case "retention-risk":
      case "shard-end-doubt":
      case "page-refuse":
      case "aggregate-drop":
      case "hole-found":
        logger.warn(withoutType(event), event.type);
        return;
      case "fan-out-fallback":
        logger.warn({ stream: event.stream, shardId: event.shardId, ...said(event.error) }, event.type);
        return;
      default:
    }
  }

  /** How it goes, in one line, for each minute in which something moved; of minutes at rest each tenth. */
  writeSummary(): void {
    this.#deliveries.summary();
  }

  #totals(): object {
    return totalsOf(this.#options.progress());
  }

  /** Where it stands: the batch that did not go, and the last commit of this process. */
  #shardFail({ shardId, error }: Extract<ConnectorEvent, { type: "shard-fail" }>): void {
    const { logger } = this.#options;
    const { batchId, checkpoint: committed } = this.#standing.get(shardId) ?? {};
    this.#standing.delete(shardId);
    const checkpoint = textOf(committed);
    logger.error(
      {
        shardId,
        ...(batchId === undefined ? {} : { batchId }),
        ...(checkpoint === undefined ? {} : { checkpoint }),
        ...this.#toldOnce(error),
      },
      "shard-fail",
    );
  }

  /** What several shards and the connector fail with has its words at the first of them, and its code at all. */
  #toldOnce(error: Error): ErrorFields {
    const { reason, cause, ...fields } = errorFields(error);
    const words = {
      ...(reason === undefined ? {} : { reason }),
      ...(cause === undefined ? {} : { cause }),
    };
    const text = JSON.stringify(words);
    if (this.#toldWords.has(text)) return fields;
    this.#toldWords.add(text);
    return { ...fields, ...words };
  }

  #stand(shardId: string, { batchId, checkpoint }: { batchId?: string; checkpoint?: Position }): void {
    const standing = this.#standing.get(shardId) ?? {};
    this.#standing.set(shardId, standing);
    if (checkpoint !== undefined) standing.checkpoint = checkpoint;
    if (batchId === undefined) delete standing.batchId;
    else standing.batchId = batchId;
  }

  #readRetry(event: Extract<ConnectorEvent, { type: "read-retry" }>): void {
    const { stream, shardId, operation, kind, attempt, delayMs, error } = event;
    const isTold =
      isWrongAnswer(error) ||
      (attempt === 1 && NEEDS_SOMEBODY.has(kind)) ||
      attempt === FIRST_LINE ||
      attempt % RETRIES_PER_LINE === 0;
    this.#options.logger[isTold ? "warn" : "debug"](
      { stream, shardId, operation, kind, attempt, delayMs: Math.round(delayMs), ...said(error) },
      event.type,
    );
  }

  /** Said once: who looks for records from the asked beginning should know why they do not come. */
  #checkpointCounts(shardId: string): void {
    if (!this.#options.hasInitialPosition || this.#saidCheckpoint) return;
    this.#saidCheckpoint = true;
    this.#options.logger.info(
      { shardId },
      "initialPosition counts for shards without a checkpoint, and this one has one: it goes on from there; name another application to begin anew",
    );
  }
}

/** What came was no answer to the request: somebody in between is broken, and each time is worth a line. */
function isWrongAnswer({ cause }: Error): boolean {
  return cause instanceof Error && cause.name === "HttpFormatError";
}

/** Errors of reading are this package's own, and say what Kinesis said: their words quote no data. */
function said(error: Error): ErrorFields {
  return { reason: error.message.slice(0, 500), ...errorFields(error) };
}

function codeOf(error: Error): string {
  return errorFields(error).error;
}

function textOf(position: Position | undefined): string | undefined {
  return position && `${position.sequenceNumber}.${position.subSequenceNumber}`;
}

function withoutType({ type: _type, ...fields }: ConnectorEvent): object {
  return fields;
}
