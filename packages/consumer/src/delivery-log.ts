import type { Clock, Logger } from "@kinesis-connectors/core";

import type { ConnectorEvent } from "./events.js";
import type { ConnectorProgress } from "./progress.js";

// A stream at rest needs no line a minute to say so, and a log without any looks like a process that hangs.
const QUIET_MINUTES_PER_LINE = 10;

type Commit = Extract<ConnectorEvent, { type: "checkpoint-commit" }>;

/** What the lines about deliveries are written with. */
export interface DeliveryLogOptions {
  readonly logger: Logger;
  readonly clock: Clock;
  readonly progress: () => ConnectorProgress;
}

/**
 * Writes what lands: the first delivery of this start, so that somebody who waits sees it; each commit at `debug`; and a summary each minute in which something
 * moved or does not go well.
 */
export class DeliveryLog {
  readonly #options: DeliveryLogOptions;
  #hasDelivered = false;
  #before = { recordsRead: 0, recordsEmitted: 0, deadLetters: 0, batches: 0, bytes: 0, commits: 0 };
  #quietMinutes = 0;

  constructor(options: DeliveryLogOptions) {
    this.#options = options;
  }

  /** @param batchId undefined where nothing was sent for the commit, and its records were all filtered */
  commit(event: Commit, batchId: string | undefined): void {
    const { logger, clock } = this.#options;
    const { stream, shardId, checkpoint, read, emitted, filtered, deadLettered, bytes } = event;
    const { oldestArrivalMs } = event;
    logger.debug(
      {
        stream,
        shardId,
        ...(batchId === undefined ? {} : { batchId }),
        checkpoint: `${checkpoint.sequenceNumber}.${checkpoint.subSequenceNumber}`,
        inherited: event.inherited,
        read,
        emitted,
        filtered,
        deadLettered,
        bytes,
        ...(oldestArrivalMs === undefined ? {} : { oldestAgeMs: clock.now() - oldestArrivalMs }),
      },
      event.type,
    );
    if (this.#hasDelivered || emitted === 0) return;
    this.#hasDelivered = true;
    logger.info(
      { stream, shardId, ...(batchId === undefined ? {} : { batchId }), emitted, bytes },
      "first-delivery: the destination has it, and the checkpoint has moved; the summary counts what follows",
    );
  }

  /** How it goes, in one line: what came of the time since the last one, and all since the start. */
  summary(): void {
    const { logger, progress } = this.#options;
    const now = progress();
    const { recordsRead, recordsEmitted, deadLetters, totals } = now;
    const { millisBehindLatest, isReady, batchesUnderWay, batchesRetrying } = now;
    const after = {
      recordsRead,
      recordsEmitted,
      deadLetters,
      batches: totals.batchesEmitted,
      bytes: totals.bytesEmitted,
      commits: totals.commits,
    };
    const before = this.#before;
    const hasMoved = recordsRead !== before.recordsRead || after.commits !== before.commits;
    const isWell = isReady && batchesRetrying === 0;
    this.#quietMinutes = hasMoved || !isWell ? 0 : this.#quietMinutes + 1;
    if (this.#quietMinutes % QUIET_MINUTES_PER_LINE !== 0) return;
    this.#before = after;
    logger.info(
      {
        emitted: recordsEmitted - before.recordsEmitted,
        deadLettered: deadLetters - before.deadLetters,
        batches: after.batches - before.batches,
        bytes: after.bytes - before.bytes,
        ...totalsOf(now),
        millisBehindLatest,
        isReady,
        batchesUnderWay,
        batchesRetrying,
      },
      "summary: emitted, deadLettered, batches and bytes since the last one, and all since the start",
    );
  }
}

/** What a connector has done since its start, as its lines tell it. */
export function totalsOf({
  recordsRead,
  recordsEmitted,
  recordsFiltered,
  deadLetters,
  shards,
}: ConnectorProgress): object {
  const shardsReading = shards.filter(({ state }) => state === "reading").length;
  return { recordsRead, recordsEmitted, recordsFiltered, deadLetters, shardsReading };
}
