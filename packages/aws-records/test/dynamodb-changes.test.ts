import { marshall } from "@aws-sdk/util-dynamodb";
import { ExactNumber, hasCode, type KinesisRecord, stringifyJson } from "@kinesis-connectors/core";
import { recordsOf } from "@kinesis-connectors/testkit";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type DynamoDbChangesOptions, dynamoDbChanges, type DynamoDbChange } from "../src/index.js";

/** JSON has no bytes: in the documents of DynamoDB they are base64. */
const jsonOf = (value: unknown): string =>
  JSON.stringify(value, (_name, member: unknown) =>
    member instanceof Uint8Array ? Buffer.from(member).toString("base64") : member,
  );
const typed = (item: Record<string, unknown>): unknown => marshall(item);
/** As AWS writes it; its example stands in the developer guide under "Kinesis Data Streams and DynamoDB". */
const documentOf = (changes: Record<string, unknown> = {}, dynamodb: Record<string, unknown> = {}) => ({
  awsRegion: "eu-central-1",
  eventID: "event-1",
  eventName: "MODIFY",
  userIdentity: null,
  recordFormat: "application/json",
  tableName: "orders",
  dynamodb: {
    ApproximateCreationDateTime: 1_770_076_800_123_456,
    ApproximateCreationDateTimePrecision: "MICROSECOND",
    Keys: { id: { S: "o-1" } },
    NewImage: { id: { S: "o-1" }, total: { N: "12.5" } },
    OldImage: { id: { S: "o-1" }, total: { N: "9" } },
    SizeBytes: 40,
    ...dynamodb,
  },
  eventSource: "aws:dynamodb",
  ...changes,
});
const recordWith = (document: unknown): KinesisRecord => recordsOf([jsonOf(document)])[0]!;
const read = (document: unknown, options: DynamoDbChangesOptions = {}) =>
  dynamoDbChanges(options).toModel(recordWith(document)) as DynamoDbChange<Record<string, unknown>>;
const imageOf = (image: unknown, options?: DynamoDbChangesOptions) =>
  read(documentOf({}, { NewImage: image }), options).newImage;

describe("dynamoDbChanges()", () => {
  it("reads a change with both images, its key and its time", () => {
    expect(read(documentOf())).toEqual({
      type: "modify",
      keys: { id: "o-1" },
      newImage: { id: "o-1", total: 12.5 },
      oldImage: { id: "o-1", total: 9 },
      table: "orders",
      region: "eu-central-1",
      eventId: "event-1",
      approximateCreationDateTime: 1_770_076_800_123_456,
      approximateCreationDateTimePrecision: "microsecond",
      approximateCreationTimeUs: 1_770_076_800_123_456,
      isExpiry: false,
    });
  });

  it("has no image of what was removed or inserted, and tells an item that expired", () => {
    const removed = documentOf(
      { eventName: "REMOVE", userIdentity: { type: "Service", principalId: "dynamodb.amazonaws.com" } },
      { NewImage: undefined },
    );
    expect(read(removed)).toMatchObject({
      type: "remove",
      newImage: undefined,
      oldImage: { id: "o-1" },
      isExpiry: true,
    });
    expect(read(documentOf({ eventName: "INSERT" }, { OldImage: undefined }))).toMatchObject({
      type: "insert",
      oldImage: undefined,
    });
  });

  it.each([
    ["MILLISECOND", 1_770_076_800_123, "millisecond"],
    [undefined, 1_770_076_800_123, "millisecond"],
    ["MICROSECOND", 1_770_076_800_123_000, "microsecond"],
    [undefined, 1_770_076_800_123_000, "microsecond"],
  ])("gives versions in microseconds for a time in %s", (precision, time, expected) => {
    const change = read(
      documentOf({}, { ApproximateCreationDateTime: time, ApproximateCreationDateTimePrecision: precision }),
    );
    expect(change.approximateCreationDateTimePrecision).toBe(expected);
    expect(change.approximateCreationTimeUs).toBe(1_770_076_800_123_000);
  });

  it("keeps numbers digit for digit, rounds them or leaves them texts, as asked", () => {
    const numbers = {
      a: { N: "9007199254740993" },
      b: { N: "0.12345678901234567890123" },
      c: { NS: ["1", "1E+2"] },
    };
    expect(imageOf(numbers)).toEqual({
      a: 9_007_199_254_740_993n,
      b: new ExactNumber("0.12345678901234567890123"),
      c: new Set([1, 100]),
    });
    expect(imageOf(numbers, { numbers: "double" })).toMatchObject({
      a: 9_007_199_254_740_992,
      b: 0.123_456_789_012_345_68,
    });
    expect(imageOf(numbers, { numbers: "text" })).toEqual({
      a: "9007199254740993",
      b: "0.12345678901234567890123",
      c: new Set(["1", "1E+2"]),
    });
  });

  it("has sets and bytes that lose nothing where a destination writes JSON of them", () => {
    const image = imageOf({
      a: { SS: ["x", "y"] },
      b: { NS: ["1", "9007199254740993"] },
      c: { BS: ["AQI="] },
      d: { B: "AQID" },
      e: { L: [{ M: { f: { SS: ["z"] } } }] },
    });
    expect(stringifyJson(image)).toBe(
      '{"a":["x","y"],"b":[1,9007199254740993],"c":["AQI="],"d":"AQID","e":[{"f":["z"]}]}',
    );
  });

  it("takes no text for bytes that is not base64", () => {
    for (const text of ["AQI", "A?I=", "AQI=AQI=", "=", "AQ_-"])
      for (const value of [{ B: text }, { BS: ["AQI=", text] }])
        expect(() => imageOf({ a: value })).toThrow(/value of type BS?/);
    expect(imageOf({ a: { B: "" }, b: { B: "+/+/" } })).toEqual({
      a: new Uint8Array(0),
      b: new Uint8Array([0xfb, 0xff, 0xbf]),
    });
  });

  it("reads what the SDK's marshaller writes, of any item", () => {
    const leaf = fc.oneof(
      fc.string(),
      fc.boolean(),
      fc.constant(null),
      fc.maxSafeInteger(),
      fc.bigInt({ min: 2n ** 60n, max: 2n ** 64n }),
      fc
        .double({ noNaN: true, noDefaultInfinity: true, min: -1e30, max: 1e30 })
        .filter((n) => Number.isSafeInteger(n) || !Number.isInteger(n)),
      fc.uint8Array({ minLength: 1 }),
      fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1 }).map((texts) => new Set(texts)),
      fc.uniqueArray(fc.integer(), { minLength: 1 }).map((numbers) => new Set(numbers)),
    );
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { depthSize: "small" },
        leaf,
        fc.array(tie("value"), { maxLength: 4 }),
        fc.dictionary(fc.string(), tie("value"), { maxKeys: 4, noNullPrototype: true }),
      ),
    }));
    fc.assert(
      fc.property(fc.dictionary(fc.string(), value, { noNullPrototype: true }), (item) => {
        // The marshaller writes -0 as "-0"; DynamoDB has no such number.
        fc.pre(!jsonOf(typed(item)).includes('"-0"'));
        expect(imageOf(typed(item))).toEqual(item);
      }),
    );
  });

  it("leaves prototypes alone", () => {
    const image = imageOf(
      JSON.parse('{"__proto__":{"M":{"polluted":{"BOOL":true}}},"constructor":{"S":"c"}}') as unknown,
    );
    expect(Object.getPrototypeOf(image)).toBe(Object.prototype);
    expect(Object.keys(image!)).toEqual(["__proto__", "constructor"]);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it.each([
    ["no object", [], "no object"],
    ["another event", documentOf({ eventName: "4111" }), "eventName"],
    ["an event named after a member of all objects", documentOf({ eventName: "constructor" }), "eventName"],
    ["no change", documentOf({ dynamodb: undefined }), "dynamodb"],
    ["no time", documentOf({}, { ApproximateCreationDateTime: "4111" }), "ApproximateCreationDateTime"],
    ["a precision of later", documentOf({}, { ApproximateCreationDateTimePrecision: "4111" }), "Precision"],
    ["no key", documentOf({}, { Keys: undefined }), "dynamodb.Keys"],
    ["no new image", documentOf({}, { NewImage: undefined }), "NewImage is missing"],
    ["two types of a value", documentOf({}, { NewImage: { a: { S: "4111", N: "1" } } }), "dynamodb.NewImage"],
    ["a type of later", documentOf({}, { NewImage: { a: { X: "4111" } } }), "type X"],
    ["a number that is none", documentOf({}, { NewImage: { a: { N: "4111x" } } }), "type N"],
    ["a set of something else", documentOf({}, { NewImage: { a: { SS: [4111] } } }), "type SS"],
  ])("makes poison of a document with %s, and names the member", (_what, document, member) => {
    let message = "";
    try {
      read(document);
    } catch (thrown) {
      message = hasCode(thrown, "KC_RECORD_POISON") ? String(thrown) : "another error";
    }
    expect(message).toContain(member);
    expect(message).not.toContain("4111");
  });

  it("refuses numbers that are none of the three", () => {
    expect(() => dynamoDbChanges({ numbers: "exactly" as never })).toThrow('"exact", "double" or "text"');
  });
});
