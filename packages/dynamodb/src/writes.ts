import type {
  DeleteRequest,
  PutItemCommandInput,
  PutRequest,
  UpdateItemCommandInput,
} from "@aws-sdk/client-dynamodb";
import { type BufferEntry, KinesisConnectorError } from "@kinesis-connectors/core";
import { type Attributes, itemBytesOf, wireBytesOf } from "./item-size.js";
import { type KeySchema, keyOf, keyText } from "./key-schema.js";
import { MAX_ITEM_BYTES, WRITE_ENVELOPE_BYTES } from "./limits.js";
import { marshalItem } from "./marshal.js";
import type { Settings } from "./settings.js";
import { GUARD, guardedUpdate } from "./update.js";

/** The request that writes one entry: part of a BatchWriteItem, a PutItem or an UpdateItem. */
type WriteRequest =
  | { readonly kind: "batch"; readonly write: { PutRequest: PutRequest } | { DeleteRequest: DeleteRequest } }
  | { readonly kind: "put"; readonly input: PutItemCommandInput }
  | { readonly kind: "update"; readonly input: UpdateItemCommandInput };

/** One entry, ready to be sent. */
export interface Write<Output> {
  readonly entry: BufferEntry<Output>;
  /** The item's primary key as a text: see `keyText`. */
  readonly key: string;
  readonly request: WriteRequest;
  /** Upper bound of what it takes in a request, in bytes. */
  readonly wireBytes: number;
}

/** Where a write stands in the stream. */
export interface WritePlace {
  readonly shardId: string;
  /** See `positionText`. */
  readonly position: string;
}

/** The attribute of a tombstone that says so. */
const REMOVED_ATTRIBUTE = "kcRemoved";

/**
 * Makes the write of an entry. Pure, but for what the caller's own functions do.
 * @throws KinesisConnectorError `KC_RECORD_POISON` when the table can never take it
 */
export function writeOf<Output>(
  entry: BufferEntry<Output>,
  place: WritePlace,
  schema: KeySchema,
  settings: Settings<Output>,
): Write<Output> {
  const { table: TableName, mode, positionAttribute } = settings;
  const item = marshalItem(entry.output);
  const key = keyOf(schema, item);
  const made = (request: WriteRequest, wireBytes: number): Write<Output> => ({
    entry,
    key: keyText(schema, key),
    request,
    wireBytes: wireBytes + WRITE_ENVELOPE_BYTES,
  });
  const isRemoved = mode === "delete" || settings.isRemoved?.(entry.output, entry.record) === true;

  if (mode === "put") {
    if (isRemoved)
      return made({ kind: "batch", write: { DeleteRequest: { Key: { ...key } } } }, wireBytesOf(key));
    const Item = { ...item };
    requireFits(Item);
    return made({ kind: "batch", write: { PutRequest: { Item } } }, wireBytesOf(Item));
  }

  if (mode === "update" && settings.update !== undefined) {
    const update = settings.update(entry.output, entry.record);
    // With a position for each shard, a key may be written from many shards at once.
    const attribute =
      settings.positionPer === "shard" ? `${positionAttribute}.${place.shardId}` : positionAttribute;
    requireNotTaken(key, attribute);
    const input = { TableName, Key: { ...key }, ...guardedUpdate(update, attribute, place.position) };
    return made({ kind: "update", input }, 0);
  }

  requireNotTaken(item, positionAttribute);
  const Item = {
    ...(isRemoved ? tombstoneOf(key, entry, settings) : item),
    [positionAttribute]: { S: place.position },
  };
  requireFits(Item);
  const input = {
    TableName,
    Item,
    ConditionExpression: GUARD,
    ExpressionAttributeNames: { "#kcPosition": positionAttribute },
    ExpressionAttributeValues: { ":kcPosition": { S: place.position } },
  };
  return made({ kind: "put", input }, 0);
}

/** What stays of a removed item: its key, its position, and when DynamoDB may forget it. */
function tombstoneOf<Output>(
  key: Attributes,
  { record }: BufferEntry<Output>,
  { tombstoneExpiry }: Settings<Output>,
): Attributes {
  const marked = { ...key, [REMOVED_ATTRIBUTE]: { BOOL: true } };
  if (tombstoneExpiry === undefined) return marked;
  // From the record's own time, so that writing it again writes the same; in seconds, as time to live counts.
  const expires = Math.ceil((record.arrivalTimeMs + tombstoneExpiry.afterMs) / 1000);
  return { ...marked, [tombstoneExpiry.attribute]: { N: String(expires) } };
}

function requireFits(item: Attributes): void {
  const bytes = itemBytesOf(item);
  if (bytes <= MAX_ITEM_BYTES) return;
  throw new KinesisConnectorError(
    "KC_RECORD_POISON",
    `the item has ${bytes} bytes with its names, but DynamoDB holds ${MAX_ITEM_BYTES}: keep the large part elsewhere, such as on S3`,
  );
}

function requireNotTaken(item: Attributes, attribute: string): void {
  if (!Object.hasOwn(item, attribute)) return;
  throw new KinesisConnectorError(
    "KC_RECORD_POISON",
    `the item has an attribute ${attribute} of its own, but that is where its position goes: set \`positionAttribute\` to another name`,
  );
}
