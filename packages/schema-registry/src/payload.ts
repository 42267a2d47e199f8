import { type KinesisRecord, poisonRecord } from "@kinesis-connectors/core";

/** A record without the framing of its registry. */
export class Payload implements KinesisRecord {
  readonly #record: KinesisRecord;
  readonly page: Buffer;
  dataStart: number;
  readonly dataEnd: number;

  constructor(record: KinesisRecord, bytes: Buffer, start: number, end: number) {
    this.#record = record;
    this.page = bytes;
    this.dataStart = start;
    this.dataEnd = end;
  }

  /** All of a record's data, where it lies. */
  static whole(record: KinesisRecord): Payload {
    const { page, dataStart, dataEnd } = record;
    if (page !== undefined) return new Payload(record, page, dataStart ?? 0, dataEnd ?? page.length);
    const { data } = record;
    const bytes = Buffer.isBuffer(data) ? data : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    return new Payload(record, bytes, 0, bytes.length);
  }

  /** A view that may be kept as long as the record's own: whoever takes that is noted by the page, and its memory is left to them. */
  get data(): Buffer {
    if (this.page === this.#record.page) void this.#record.data;
    return this.bytes;
  }

  /** The same, for those who keep nothing of it. */
  get bytes(): Buffer {
    return this.page.subarray(this.dataStart, this.dataEnd);
  }

  get sequenceNumber(): string {
    return this.#record.sequenceNumber;
  }

  get subSequenceNumber(): number {
    return this.#record.subSequenceNumber;
  }

  get partitionKey(): string {
    return this.#record.partitionKey;
  }

  get explicitHashKey(): string | undefined {
    return this.#record.explicitHashKey;
  }

  get arrivalTimeMs(): number {
    return this.#record.arrivalTimeMs;
  }

  get length(): number {
    return this.dataEnd - this.dataStart;
  }

  /** Goes past the first bytes: one object for each record is enough. */
  past(bytes: number): this {
    this.dataStart += bytes;
    return this;
  }

  /** The same record with other bytes. */
  with(bytes: Buffer): Payload {
    return new Payload(this.#record, bytes, 0, bytes.length);
  }

  /** A varint of at most 32 bits, and how many bytes it took. */
  varint(offset: number): { readonly value: number; readonly bytes: number } {
    let value = 0;
    for (let index = 0; index < 5; index += 1) {
      const at = this.dataStart + offset + index;
      if (at >= this.dataEnd) break;
      const byte = this.page[at] as number;
      value += (byte & 0x7f) * 2 ** (7 * index);
      if (byte < 0x80 && value < 2 ** 32) return { value, bytes: index + 1 };
    }
    throw poisonRecord("the record's message index is cut off or too long");
  }
}
