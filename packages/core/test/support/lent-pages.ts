import type { KinesisRecord, RecordPage, ShardSource } from "../../src/index.js";

/** What became of the pages that were handed over. */
export interface LentPages {
  readonly source: ShardSource;
  /** Pages whose memory was given back, and overwritten. */
  readonly reused: () => number;
  /** Pages that had to be left to whoever was given a view of them. */
  readonly shared: () => number;
}

/**
 * The records of another source, laid out in pages whose memory is overwritten as soon as it is given back: whoever looks at a record too late reads
 * rubbish, or is told so.
 */
export function lentPages(source: ShardSource): LentPages {
  let reused = 0;
  let shared = 0;
  const lend = (page: RecordPage): RecordPage => {
    const bytes = Buffer.concat(page.records.map(({ data }) => data));
    const state = { isGone: false, isShared: false };
    let at = 0;
    const records = page.records.map(
      (record) => new LentRecord(record, bytes, at, (at += record.data.length), state),
    );
    const release = (): void => {
      if (state.isGone) throw new Error("a page is given back twice");
      if (state.isShared) {
        shared += 1;
        return;
      }
      reused += 1;
      state.isGone = true;
      bytes.fill(0x21);
    };
    return { ...page, records, release };
  };
  return {
    source: {
      open: (start) => {
        const reader = source.open(start);
        return { next: async (signal) => lend(await reader.next(signal)), close: () => reader.close() };
      },
    },
    reused: () => reused,
    shared: () => shared,
  };
}

interface PageState {
  isGone: boolean;
  isShared: boolean;
}

class LentRecord implements KinesisRecord {
  readonly #record: KinesisRecord;
  readonly #state: PageState;
  readonly page: Buffer;
  readonly dataStart: number;
  readonly dataEnd: number;

  constructor(record: KinesisRecord, page: Buffer, dataStart: number, dataEnd: number, state: PageState) {
    this.#record = record;
    this.#state = state;
    this.page = page;
    this.dataStart = dataStart;
    this.dataEnd = dataEnd;
  }

  get data(): Uint8Array {
    this.#requireHere();
    this.#state.isShared = true;
    return this.page.subarray(this.dataStart, this.dataEnd);
  }

  get sequenceNumber(): string {
    this.#requireHere();
    return this.#record.sequenceNumber;
  }

  get subSequenceNumber(): number {
    return this.#record.subSequenceNumber;
  }

  get partitionKey(): string {
    this.#requireHere();
    return this.#record.partitionKey;
  }

  get arrivalTimeMs(): number {
    return this.#record.arrivalTimeMs;
  }

  #requireHere(): void {
    if (this.#state.isGone) throw new Error("a record is looked at after its page was given back");
  }
}
