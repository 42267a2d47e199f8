import type { LeaseCheckpoint } from "@kinesis-connectors/leases";

/** A checkpoint as data. */
export interface PlainCheckpoint {
  /** A sequence number, or a sentinel. */
  readonly checkpoint: string;
  /** 0 beside a sentinel. */
  readonly subSequenceNumber: number;
}

/** A checkpoint as programs and people read it. */
export function plainCheckpoint(checkpoint: LeaseCheckpoint): PlainCheckpoint {
  return typeof checkpoint === "string"
    ? { checkpoint, subSequenceNumber: 0 }
    : { checkpoint: checkpoint.sequenceNumber, subSequenceNumber: checkpoint.subSequenceNumber };
}
