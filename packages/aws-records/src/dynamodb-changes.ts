import {
  checkOptions,
  decodeWith,
  type DecodingTransformer,
  invalidOption,
  json,
  type KinesisRecord,
  type OptionNames,
} from "@kinesis-connectors/core";
import { ItemReader, type ItemNumbers, WHAT } from "./dynamodb-values.js";
import { isMembers, notA, textOf } from "./envelope.js";

/** A change of an item of a DynamoDB table, as it comes through Kinesis Data Streams for DynamoDB. */
export interface DynamoDbChange<Item> {
  readonly type: "insert" | "modify" | "remove";
  /** The key of the item. */
  readonly keys: Readonly<Partial<Item>>;
  /** The item after the change; undefined when it was removed. */
  readonly newImage: Item | undefined;
  /** The item before the change; undefined when it was inserted. */
  readonly oldImage: Item | undefined;
  readonly table: string;
  readonly region: string;
  /** Unique to the change: a change that comes twice has it twice. */
  readonly eventId: string;
  /** When the change was made, in the unit that `approximateCreationDateTimePrecision` says. */
  readonly approximateCreationDateTime: number;
  readonly approximateCreationDateTimePrecision: "millisecond" | "microsecond";
  /**
   * The same in epoch microseconds, whichever the table's setting is: a version for stores that keep the latest one of a key. Changes of an item within one
   * millisecond (or microsecond) have the same.
   */
  readonly approximateCreationTimeUs: number;
  /** Whether the service removed the item because its time to live had passed. */
  readonly isExpiry: boolean;
}

/** Options of `dynamoDbChanges`. */
export interface DynamoDbChangesOptions {
  /**
   * Treatment of numbers, which have up to 38 digits in DynamoDB.
   *
   * - `exact` (default): those that a JavaScript number does not hold become bigints and `ExactNumber`s, which every destination writes digit for digit.
   * - `double`: they are rounded.
   * - `text`: all numbers are the texts that DynamoDB has for them.
   */
  readonly numbers?: ItemNumbers;
}

const OPTIONS: OptionNames<DynamoDbChangesOptions> = { numbers: true };
const TYPES: Readonly<Record<string, DynamoDbChange<unknown>["type"]>> = {
  INSERT: "insert",
  MODIFY: "modify",
  REMOVE: "remove",
};

/**
 * Changes of a DynamoDB table through Kinesis Data Streams for DynamoDB, with plain values in the place of `{ "S": ... }`: sets are Sets, binary values Uint8Arrays.
 * Destinations that write JSON have arrays and base64 of them.
 *
 * **A change may come twice, and changes of one item out of order** (DynamoDB developer guide, "Kinesis Data Streams and DynamoDB"): write to a store that keeps the
 * latest version of each key, with `approximateCreationTimeUs` as the version, and not in the order of the stream. A removal has no `newImage`.
 * What is no such record is poison (`KC_RECORD_POISON`).
 *
 * @example
 * ```ts
 * const index = definePipeline({
 *   transformer: dynamoDbChanges<Order>().to((change) => ({
 *     ...change.keys,
 *     ...change.newImage,
 *     isRemoved: change.newImage === undefined,
 *     changedUs: change.approximateCreationTimeUs,
 *   })),
 *   emitter: openSearchEmitter<{ id?: string; isRemoved: boolean; changedUs: number }>({
 *     node: "https://search.example.com",
 *     index: "orders",
 *     id: (order) => String(order.id),
 *     ordering: "guarded",
 *     version: (order) => order.changedUs,
 *   }),
 * });
 * ```
 * @throws KinesisConnectorError `KC_OPTION_INVALID`
 */
export function dynamoDbChanges<Item = Record<string, unknown>>(
  options: DynamoDbChangesOptions = {},
): DecodingTransformer<DynamoDbChange<Item>> {
  checkOptions("dynamoDbChanges", options, OPTIONS);
  const { numbers = "exact" } = options;
  if (numbers !== "exact" && numbers !== "double" && numbers !== "text")
    throw invalidOption('dynamoDbChanges: numbers must be "exact", "double" or "text"');
  // Numbers of items are texts in the document.
  const { toModel } = json();
  const items = new ItemReader(numbers);
  return decodeWith((record) => changeOf<Item>(toModel(record), record, items));
}

function changeOf<Item>(document: unknown, record: KinesisRecord, items: ItemReader): DynamoDbChange<Item> {
  if (!isMembers(document)) throw notA(WHAT, record, "it is no object");
  const { eventName, dynamodb, userIdentity } = document;
  const type =
    typeof eventName === "string" && Object.hasOwn(TYPES, eventName) ? TYPES[eventName] : undefined;
  if (type === undefined) throw notA(WHAT, record, "eventName");
  if (!isMembers(dynamodb)) throw notA(WHAT, record, "dynamodb");
  const { ApproximateCreationDateTime: time, ApproximateCreationDateTimePrecision: stated } = dynamodb;
  if (typeof time !== "number" || !Number.isSafeInteger(time) || time < 0)
    throw notA(WHAT, record, "dynamodb.ApproximateCreationDateTime");
  const precision = precisionOf(stated, time);
  if (precision === undefined) throw notA(WHAT, record, "dynamodb.ApproximateCreationDateTimePrecision");
  // The caller's type for the caller's table, as in `json`.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const image = (name: string): Item => items.item(dynamodb[name], record, `dynamodb.${name}`) as Item;
  const newImage = dynamodb["NewImage"] === undefined ? undefined : image("NewImage");
  if (type !== "remove" && newImage === undefined) throw notA(WHAT, record, "dynamodb.NewImage is missing");
  return {
    type,
    keys: image("Keys"),
    newImage: type === "remove" ? undefined : newImage,
    oldImage: dynamodb["OldImage"] === undefined ? undefined : image("OldImage"),
    table: textOf(document["tableName"]),
    region: textOf(document["awsRegion"]),
    eventId: textOf(document["eventID"]),
    approximateCreationDateTime: time,
    approximateCreationDateTimePrecision: precision,
    approximateCreationTimeUs: precision === "microsecond" ? time : time * 1000,
    isExpiry: isMembers(userIdentity) && userIdentity["principalId"] === "dynamodb.amazonaws.com",
  };
}

/** In milliseconds this is the year 5138, in microseconds 1973. */
const FIRST_OF_MICROSECONDS = 1e14;

/** Records of before 2023 say nothing of their precision, and were in milliseconds. */
function precisionOf(stated: unknown, time: number): "millisecond" | "microsecond" | undefined {
  if (stated === "MILLISECOND") return "millisecond";
  if (stated === "MICROSECOND") return "microsecond";
  if (stated !== undefined) return undefined;
  return time < FIRST_OF_MICROSECONDS ? "millisecond" : "microsecond";
}
