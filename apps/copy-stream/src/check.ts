import { deaggregate } from "@kinesis-connectors/wire";

/** A record as it was put, or as it landed. */
export interface StreamRecord {
  readonly partitionKey: string;
  readonly data: Uint8Array;
}

/** How the copy compares with the source. */
export interface CopyCheck {
  readonly records: number;
  /** Kinesis records in the target: fewer where they are aggregated. */
  readonly kinesisRecords: number;
  readonly landed: number;
  readonly lost: number;
  /** Records that landed once more: allowed, the copy is at least once. */
  readonly duplicated: number;
  /** Records that arrived behind a later one of their key. */
  readonly outOfOrder: number;
}

/** Compares what was put with what landed: each record by its key and bytes, in the order of its key. Every record put must differ. */
export function checkCopy(put: Iterable<StreamRecord>, landed: Iterable<StreamRecord>): CopyCheck {
  const places = new Map<string, number>();
  for (const record of put) places.set(identityOf(record), places.size);
  const seen = new Set<string>();
  const furthest = new Map<string, number>();
  let kinesisRecords = 0;
  let arrived = 0;
  let outOfOrder = 0;
  for (const kinesisRecord of landed) {
    kinesisRecords += 1;
    for (const record of userRecordsOf(kinesisRecord)) {
      arrived += 1;
      const identity = identityOf(record);
      const place = places.get(identity) ?? -1;
      // A record that comes again is no disorder: its first arrival counts.
      if (seen.has(identity)) continue;
      seen.add(identity);
      if (place < (furthest.get(record.partitionKey) ?? -1)) outOfOrder += 1;
      else furthest.set(record.partitionKey, place);
    }
  }
  const lost = [...places.keys()].filter((identity) => !seen.has(identity)).length;
  return {
    records: places.size,
    kinesisRecords,
    landed: arrived,
    lost,
    duplicated: arrived - seen.size,
    outOfOrder,
  };
}

function userRecordsOf(record: StreamRecord): readonly StreamRecord[] {
  const read = deaggregate(record.data);
  return read.kind === "aggregated" ? read.records : [record];
}

function identityOf({ partitionKey, data }: StreamRecord): string {
  return `${partitionKey}\n${Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("latin1")}`;
}
