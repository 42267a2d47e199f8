import type { InputRecord } from "../input/records-of.js";
import { head, moment, text } from "./cbor.js";

/** Which records a stream has: its name says so, and so do its iterators. */
export interface StreamShape {
  readonly shards: number;
  /** Most records of a page; 0: pages without any. */
  readonly perPage: number;
}

/** The name of a stream of that shape. */
export function streamName({ shards, perPage }: StreamShape): string {
  return `estimate.${shards}.${perPage}`;
}

/** The shape that a request names, and the shard where it names one. */
export function shapeIn(body: Buffer): StreamShape & { readonly stream: string; readonly shard: number } {
  const start = body.toString("latin1", 0, 4096);
  const [stream = "", shards = "1", perPage = "0"] = /estimate\.(\d+)\.(\d+)/.exec(start) ?? [];
  const shard = Number(/shardId-(\d{12})/.exec(start)?.[1] ?? 0);
  return { stream, shards: Number(shards), perPage: Number(perPage), shard };
}

/** A page of catching up: what a shard gives in a second at most (Kinesis, "Quotas and limits"). */
const PAGE_BYTES: number = 2 * 1024 * 1024;
/** GetRecords API reference, `Limit`. */
export const MAX_PAGE_RECORDS = 10_000;

const DISTINCT_PAGES = 8;
const PAGE_DIGITS = 10;
const RECORD_DIGITS = 8;
const SEQUENCE_PREFIX = `4959033827149025660855969253835${"0".repeat(7)}`;

/** Answers to GetRecords, encoded once; before each sending the digits of the page in its sequence numbers are written anew. */
export class ShardPages {
  readonly #pages: readonly Page[];
  #given = 0;

  /** @param start the record that the first page begins with: shards do not all give the same at the same time */
  constructor(records: readonly InputRecord[], iterator: string, perPage: number, start: number) {
    const most = perPage === 0 ? 1 : DISTINCT_PAGES;
    const pages: Page[] = [];
    let at = start;
    do {
      const page = takenFrom(records, at, perPage);
      at += page.length;
      pages.push(new Page(answerOf(page, iterator)));
    } while (pages.length < most && at < records.length);
    this.#pages = pages;
  }

  /** The next answer; valid until the one after it is asked for. */
  next(): Buffer {
    this.#given += 1;
    return this.#pages[this.#given % this.#pages.length]?.numbered(this.#given) ?? Buffer.alloc(0);
  }
}

/** Records one behind the other, from the beginning again where they end. */
function takenFrom(records: readonly InputRecord[], start: number, perPage: number): readonly InputRecord[] {
  const taken: InputRecord[] = [];
  let bytes = 0;
  while (taken.length < perPage) {
    const record = records[(start + taken.length) % records.length];
    if (record === undefined) break;
    bytes += record.data.length;
    if (taken.length > 0 && bytes > PAGE_BYTES) break;
    taken.push(record);
  }
  return taken;
}

class Page {
  readonly #bytes: Buffer;
  /** Byte offsets of the digits that tell the page. */
  readonly #places: readonly number[];

  constructor({ parts, numbered }: Parts) {
    this.#bytes = Buffer.concat(parts);
    const places: number[] = [];
    let at = 0;
    for (const [index, part] of parts.entries()) {
      if (numbered.has(index)) places.push(at + part.length - PAGE_DIGITS - RECORD_DIGITS);
      at += part.length;
    }
    this.#places = places;
  }

  numbered(page: number): Buffer {
    const digits = Buffer.from(String(page).padStart(PAGE_DIGITS, "0"), "latin1");
    for (const place of this.#places) digits.copy(this.#bytes, place);
    return this.#bytes;
  }
}

/** An answer in pieces, and which of them are sequence numbers. */
interface Parts {
  readonly parts: readonly Buffer[];
  readonly numbered: ReadonlySet<number>;
}

/** The answer to GetRecords in AWS-CBOR 1.1. It says that the shard has more, so that it is read as often as a shard may be. */
function answerOf(records: readonly InputRecord[], iterator: string): Parts {
  const arrivedMs = Date.UTC(2026, 0, 1);
  const parts: Buffer[] = [
    head(5, 3),
    text("MillisBehindLatest"),
    head(0, 60_000),
    text("NextShardIterator"),
    text(iterator),
    text("Records"),
    head(4, records.length),
  ];
  const numbered = new Set<number>();
  for (const [index, { data, partitionKey }] of records.entries()) {
    const digits = `${"0".repeat(PAGE_DIGITS)}${String(index).padStart(RECORD_DIGITS, "0")}`;
    parts.push(head(5, 4), text("SequenceNumber"), text(`${SEQUENCE_PREFIX}${digits}`));
    numbered.add(parts.length - 1);
    parts.push(
      text("ApproximateArrivalTimestamp"),
      moment(arrivedMs + index),
      text("Data"),
      head(2, data.length),
      data,
      text("PartitionKey"),
      text(partitionKey),
    );
  }
  return { parts, numbered };
}
