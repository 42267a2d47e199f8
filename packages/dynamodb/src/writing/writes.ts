import type {
  AttributeValue,
  DeleteRequest,
  PutItemCommandInput,
  PutRequest,
  UpdateItemCommandInput,
} from "@aws-sdk/client-dynamodb";
import { type BufferEntry, KinesisConnectorError, type KinesisRecord } from "@kinesis-connectors/core";
import { type Attributes, itemBytesOf, wireBoundOf, wireBytesOf } from "../items/item-size.js";
import { type KeySchema, keyOf } from "../items/key-schema.js";
import { MAX_ITEM_BYTES, WRITE_ENVELOPE_BYTES } from "../limits.js";
import { marshalItem } from "../items/marshal.js";
import { positionText } from "../items/position.js";
import type { Settings } from "../settings.js";
import { GUARD, guardedUpdate } from "../items/update.js";

/** Fields of all writes. */
interface WriteOfKey {
  /** The number of the key whose turn it is. */
  readonly keyIndex: number;
  /** Upper bound of what it takes in a request, in bytes. */
  readonly wireBytes: number;
}

/** Part of a BatchWriteItem. */
interface BatchedWrite extends WriteOfKey {
  readonly kind: "batch";
  readonly write: { readonly PutRequest: PutRequest } | { readonly DeleteRequest: DeleteRequest };
}

/** A PutItem. */
interface GuardedPut extends WriteOfKey {
  readonly kind: "put";
  readonly input: PutItemCommandInput;
}

/** An UpdateItem. */
interface Update extends WriteOfKey {
  readonly kind: "update";
  readonly input: UpdateItemCommandInput;
}

/** The write of one entry, ready to be sent. */
export type Write = BatchedWrite | GuardedPut | Update;

/** Where a write stands. */
export interface WriteOrigin {
  readonly keyIndex: number;
  readonly shardId: string;
  /** See `positionText`. */
  readonly ordinal: number;
  /** Of the record's own, as `versionWriter` writes it; undefined where records have none. */
  readonly version?: string | undefined;
}

/** The attribute of a tombstone that says so. */
const REMOVED_ATTRIBUTE = "kcRemoved";

/**
 * Makes the write of an entry. Pure, but for what the caller's own functions do.
 * @throws KinesisConnectorError `KC_RECORD_POISON` when the table can never take it
 */
export function writeOf<Output>(
  { output, record }: BufferEntry<Output>,
  { keyIndex, shardId, ordinal, version }: WriteOrigin,
  schema: KeySchema,
  settings: Settings<Output>,
): Write {
  const { table: TableName, mode, positionAttribute } = settings;
  const item = marshalItem(output);
  const isRemoved = mode === "delete" || settings.isRemoved?.(output, record) === true;

  if (mode === "put") {
    const write = isRemoved
      ? { DeleteRequest: { Key: keyOf(schema, item) } }
      : { PutRequest: { Item: item } };
    const bytes = isRemoved ? wireBoundOf(item) : fittingBytes(item);
    return { keyIndex, kind: "batch", write, wireBytes: bytes + WRITE_ENVELOPE_BYTES };
  }

  const place = positionText(record, ordinal);
  const position = version === undefined ? place : `${version} ${place}`;
  if (mode === "update" && settings.update !== undefined) {
    const update = settings.update(output, record);
    // With a position for each shard, a key may be written from many shards at once.
    const attribute =
      settings.positionPer === "shard" ? `${positionAttribute}.${shardId}` : positionAttribute;
    const key = keyOf(schema, item);
    requireNotTaken(key, attribute);
    const input = { TableName, Key: key, ...guardedUpdate(update, attribute, position) };
    return { keyIndex, kind: "update", input, wireBytes: 0 };
  }

  requireNotTaken(item, positionAttribute);
  const Item = isRemoved ? tombstoneOf(keyOf(schema, item), record, settings) : item;
  Item[positionAttribute] = { S: position };
  fittingBytes(Item);
  const input = {
    TableName,
    Item,
    ConditionExpression: GUARD,
    ExpressionAttributeNames: { "#kcPosition": positionAttribute },
    ExpressionAttributeValues: { ":kcPosition": { S: position } },
  };
  return { keyIndex, kind: "put", input, wireBytes: 0 };
}

/** What stays of a removed item: its key, its position, and when DynamoDB may forget it. */
function tombstoneOf<Output>(
  key: Readonly<Record<string, AttributeValue>>,
  record: KinesisRecord,
  { tombstoneExpiry }: Settings<Output>,
): Record<string, AttributeValue> {
  const marked = { ...key, [REMOVED_ATTRIBUTE]: { BOOL: true } };
  if (tombstoneExpiry === undefined) return marked;
  // From the record's own time, so that writing it again writes the same; in seconds, as time to live counts.
  const expires = Math.ceil((record.arrivalTimeMs + tombstoneExpiry.afterMs) / 1000);
  return { ...marked, [tombstoneExpiry.attribute]: { N: String(expires) } };
}

/** An upper bound of what an item takes in a request, if DynamoDB can hold it. */
function fittingBytes(item: Attributes): number {
  // Nearly all items are so small that nothing has to be counted exactly.
  const bound = wireBoundOf(item);
  if (bound <= MAX_ITEM_BYTES) return bound;
  const bytes = itemBytesOf(item);
  if (bytes <= MAX_ITEM_BYTES) return wireBytesOf(item);
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
