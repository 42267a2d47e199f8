/** A record as it is put. */
export interface PutRecord {
  readonly id: string;
}

/** A record as it lands, with where it came from. */
export interface ArchivedRecord extends PutRecord {
  readonly sequenceNumber: string;
  readonly subSequenceNumber: number;
}
