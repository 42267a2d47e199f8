import { type Batch, type Position, invalidOption } from "@kinesis-connectors/core";
import { MAX_METADATA_BYTES } from "../limits.js";
import { arrivalOf } from "../requests.js";

/** Metadata key of the batch's id: what tells our own object from somebody else's. */
export const BATCH_ID = "kc-batch-id";

/** Metadata keys that an archive is read by. */
export const FACTS = {
  recordCount: "kc-record-count",
  idsSha256: "kc-ids-sha256",
  first: "kc-first",
  last: "kc-last",
  stream: "kc-stream",
  shardId: "kc-shard",
  firstArrivalMs: "kc-first-arrival-ms",
  isPicked: "kc-picked",
} as const;

/** Our own ten entries take up to about 600 bytes; the rest of S3's 2 KB is the caller's. */
const OWN_METADATA_BYTES = 800;

/** What every object says about itself, so that a bucket can be reconciled with a stream without its lease table. */
export function metadataOf(
  batch: Batch<unknown>,
  { recordCount, idsSha256 }: { readonly recordCount: number; readonly idsSha256: string },
  own: Readonly<Record<string, string>>,
): Record<string, string> {
  return {
    ...own,
    [BATCH_ID]: batch.batchId,
    [FACTS.recordCount]: String(recordCount),
    [FACTS.idsSha256]: idsSha256,
    [FACTS.first]: positionText(batch.first),
    [FACTS.last]: positionText(batch.last),
    [FACTS.stream]: batch.stream,
    [FACTS.shardId]: batch.shardId,
    [FACTS.firstArrivalMs]: String(arrivalOf(batch).getTime()),
    "kc-gap": String(batch.gap),
    ...(batch.isPicked === true ? { [FACTS.isPicked]: "true" } : {}),
  };
}

/**
 * Checks the caller's metadata: names that HTTP headers carry unchanged, printable ASCII, and not ours.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`
 */
export function checkedMetadata(
  metadata: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  let bytes = 0;
  for (const [name, value] of Object.entries(metadata)) {
    if (!/^[a-z0-9][a-z0-9_-]{0,127}$/.test(name) || name.startsWith("kc-")) {
      throw invalidOption(
        `metadata has a name that cannot be used: take lower-case letters, digits, - and _, not starting with kc-`,
      );
    }
    if (typeof value !== "string" || !/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(value)) {
      throw invalidOption(`metadata.${name} must be a text of printable ASCII without blanks around it`);
    }
    bytes += name.length + value.length;
  }
  if (bytes > MAX_METADATA_BYTES - OWN_METADATA_BYTES) {
    throw invalidOption(`metadata has ${bytes} bytes; ${MAX_METADATA_BYTES - OWN_METADATA_BYTES} are free`);
  }
  return { ...metadata };
}

function positionText(position: Position): string {
  return `${position.sequenceNumber}.${position.subSequenceNumber}`;
}
