import {
  comparePositions,
  KinesisConnectorError,
  type KinesisRecord,
  type Position,
  type RecordPage,
  type ShardReader,
  type ShardSource,
  type StartPosition,
} from "@kinesis-connectors/core";

/** Records that the daemon hands over at once. */
export type DaemonPage = Pick<RecordPage, "records" | "bytes" | "millisBehindLatest" | "shardEnd">;

/**
 * The shard as its daemon hands it over: one page is in hand at a time, and is done with when the engine asks for the next one. That holds the daemon
 * back where the destination is slow. A reader that is opened while a page is in hand begins with that page: a replay of a prepared batch takes in the
 * page in which the batch ends, and what stands behind it is read after.
 */
export class DaemonSource implements ShardSource {
  readonly #shardId: string;
  #page: DaemonPage | undefined;
  #isDone: (() => void) | undefined;
  #wanted: (() => void) | undefined;
  /** The last record of the pages that are done with. */
  #doneThrough: Position | undefined;

  constructor(shardId: string) {
    this.#shardId = shardId;
  }

  /** Hands a page over; resolves when the engine has taken it in and wants more, or `leave` was called. */
  async give(page: DaemonPage): Promise<void> {
    this.#page = page;
    const done = new Promise<void>((resolve) => {
      this.#isDone = resolve;
    });
    this.#wanted?.();
    await done;
  }

  /** The engine is over and takes no more: whoever waits for it goes on. */
  leave(): void {
    this.#turn();
  }

  open(start: StartPosition): ShardReader {
    const partOf = this.#partsFrom(start);
    let seen: DaemonPage | undefined;
    return {
      next: async (signal) => {
        for (;;) {
          if (seen !== undefined && seen === this.#page) this.#turn();
          // It may be long until the next one comes.
          seen = undefined;
          seen = await this.#inHand(signal);
          const part = partOf(seen);
          if (part !== undefined) return part;
        }
      },
      close: () => Promise.resolve(),
    };
  }

  /** The page in hand is done with. */
  #turn(): void {
    const isDone = this.#isDone;
    const last = this.#page?.records.at(-1);
    if (last !== undefined) {
      const { sequenceNumber, subSequenceNumber } = last;
      this.#doneThrough = { sequenceNumber, subSequenceNumber };
    }
    this.#page = undefined;
    this.#isDone = undefined;
    isDone?.();
  }

  /** The page in hand, or the next one. Rejects when the signal is aborted first. */
  async #inHand(signal: AbortSignal): Promise<DaemonPage> {
    for (;;) {
      signal.throwIfAborted();
      if (this.#page !== undefined) return this.#page;
      await new Promise<void>((resolve) => {
        const go = (): void => {
          signal.removeEventListener("abort", go);
          this.#wanted = undefined;
          resolve();
        };
        this.#wanted = go;
        signal.addEventListener("abort", go, { once: true });
      });
    }
  }

  /** What a reader takes of each page, one after the other; undefined where nothing of it is left. */
  #partsFrom(start: StartPosition): (page: DaemonPage) => RecordPage | undefined {
    // A shard without a checkpoint begins where the daemon has it begin.
    if (start.type !== "at" && start.type !== "after") return (page) => page;
    const { type, position } = start;
    const isWanted = (record: Position): boolean =>
      type === "at" ? comparePositions(record, position) >= 0 : comparePositions(record, position) > 0;
    if (this.#doneThrough !== undefined && isWanted(this.#doneThrough))
      throw new KinesisConnectorError(
        "KC_REPLAY_DIFFERS",
        `${this.#shardId}: records from ${position.sequenceNumber}.${position.subSequenceNumber} on were handed over already and are needed once more; ` +
          "the daemon hands them over again after its next start",
      );
    let isThere = false;
    return (page) => {
      const { records } = page;
      if (isThere || records.length === 0) return page;
      const from = records.findIndex(isWanted);
      if (from === -1) return undefined;
      isThere = true;
      const left = from === 0 ? records : records.slice(from);
      return { ...page, records: left, bytes: bytesOf(left), ...gapBefore(start, left[0]) };
    };
  }
}

/** The daemon begins before the start of every prepared batch: where its first record is missing, the stream has let go of it. */
function gapBefore(start: StartPosition, first: Position | undefined): Pick<RecordPage, "gap"> {
  if (start.type !== "at" || first === undefined || comparePositions(first, start.position) === 0) return {};
  return { gap: { expected: start.position } };
}

function bytesOf(records: readonly KinesisRecord[]): number {
  return records.reduce((sum, { data }) => sum + data.length, 0);
}
