import type { Position } from "@kinesis-connectors/core";

/** The content of one record of an archive, as its format gives it back. */
export interface ArchivedContent {
  /** The record's bytes in the object; of formats of columns (`delimited`, `parquet`) the row as JSON. */
  readonly data: Uint8Array;
  /** The row of a format of columns. */
  readonly row?: Readonly<Record<string, unknown>>;
  /** What `records()` keeps beside the bytes; other formats have none of it. */
  readonly position?: Position;
  readonly partitionKey?: string;
  readonly explicitHashKey?: string;
  /** When the stream received it, in epoch milliseconds. */
  readonly arrivalTimeMs?: number;
  /** Why it was set aside, of a dead letter. */
  readonly deadLetter?: {
    readonly errorCode: string;
    readonly errorMessage: string;
    readonly attempts: number;
  };
}

/** An object of an archive, as a format reads it. */
export interface ObjectContent {
  readonly key: string;
  /** Length of the object as it is stored, in bytes. */
  readonly byteLength: number;
  /** Bytes of the object as it is stored, from `start` to `end`, exclusive. */
  readonly slice: (start: number, end: number) => Promise<Uint8Array>;
  /** The object from its start, decompressed. */
  readonly chunks: () => AsyncIterable<Uint8Array>;
  /** Most bytes of a record. */
  readonly maxRecordBytes: number;
}

/** The reading half of a format: what `readArchive` takes objects apart with. */
export interface ArchiveFormat {
  /** The extension of its objects, without that of their compression: `.ndjson`. */
  readonly extension: string;
  /** Whether it keeps positions and times of records beside their bytes. Default false. */
  readonly keepsPositions?: boolean;
  /**
   * The records of an object, in their order, some at a time. What it throws means that the object is damaged; the message holds nothing of a record.
   */
  readonly read: (object: ObjectContent) => AsyncIterable<readonly ArchivedContent[]>;
}
