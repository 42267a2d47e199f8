import { readFileSync } from "node:fs";
import { create, fromBinary, toBinary, toJson } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { type Any, AnySchema } from "@bufbuild/protobuf/wkt";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type KinesisRecord } from "@kinesis-connectors/core";
import { recordsOf } from "@kinesis-connectors/testkit";
import { protobuf } from "../src/index.js";
import { type Order, OrderSchema, RefundSchema } from "./fixtures/order_pb.js";

const fixtures = JSON.parse(
  readFileSync(new URL("fixtures/protobuf.json", import.meta.url), "utf8"),
) as readonly { readonly json: object; readonly data: string }[];

const transformer = protobuf(OrderSchema);
const recordOf = (data: Uint8Array): KinesisRecord => recordsOf([data])[0] as KinesisRecord;
const decode = (data: Uint8Array): Order => transformer.toModel(recordOf(data)) as Order;

/** What decoding failed with; undefined where it did not. */
function refusalOf(data: Uint8Array): (Error & { code?: string }) | undefined {
  try {
    decode(data);
  } catch (error) {
    return error as Error;
  }
  return undefined;
}

describe("Protobuf messages", () => {
  it("that Google's Python package wrote are read in full, as its own JSON has them", () => {
    for (const { data, json } of fixtures)
      expect(toJson(OrderSchema, decode(Buffer.from(data, "hex")))).toEqual(json);
    expect(fixtures.length).toBe(9);
  });

  it("have 64-bit integers as bigints", () => {
    expect(decode(Buffer.from(fixtures[6]!.data, "hex")).id).toBe(2n ** 63n - 1n);
  });

  it("keep nothing of the page that they came in, and nothing that the schema does not know", () => {
    const bytes = new Uint8Array([1, 2, 3]);
    const unknown = new BinaryWriter().tag(99, WireType.LengthDelimited).string("unknown").finish();
    const samples = [
      [OrderSchema, { digest: bytes }, (model: Order) => model.digest],
      [OrderSchema, { replaces: { digest: bytes } }, (model: Order) => model.replaces?.digest],
    ] as const;
    for (const [schema, value, digestOf] of samples) {
      const written = Buffer.concat([toBinary(schema, create(schema, value)), unknown]);
      const page = Buffer.alloc(200, 0xff);
      written.copy(page, 50);
      const model = decode(page.subarray(50, 50 + written.length));
      page.fill(0);
      expect(digestOf(model)).toEqual(bytes);
      expect(model.$unknown).toBeUndefined();
    }
    const well = protobuf(AnySchema);
    const any = toBinary(
      AnySchema,
      create(AnySchema, { typeUrl: "type.googleapis.com/shop.Order", value: bytes }),
    );
    const model = well.toModel(recordOf(any)) as Any;
    any.fill(0);
    expect(model.value).toEqual(bytes);
  });

  it("of no bytes are the message with all its defaults, and original() passes bytes on", () => {
    expect(decode(new Uint8Array())).toEqual(create(OrderSchema));
    const record = recordOf(toBinary(RefundSchema, create(RefundSchema, { orderId: 5n })));
    const refunds = protobuf(RefundSchema);
    expect(refunds.original().fromModel(fromBinary(RefundSchema, record.data), record)).toBe(record.data);
  });

  it.each([undefined, null, {}, "shop.Order", [OrderSchema]])("are not made by %j", (schema) => {
    expect(() => protobuf(schema as never)).toThrow(expect.objectContaining({ code: "KC_OPTION_INVALID" }));
  });
});

describe("damaged Protobuf messages", () => {
  it("are poison or a shorter message at every cut, and never another error", () => {
    for (const fixture of fixtures) {
      const data = Buffer.from(fixture.data, "hex");
      for (let length = 0; length < data.length; length += 1) {
        expect(["none", "KC_RECORD_POISON"]).toContain(refusalOf(data.subarray(0, length))?.code ?? "none");
      }
    }
  });

  it("are a message or poison, whatever they are, and are not quoted", () => {
    const hostile = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc
        .tuple(
          fc.constantFrom(...fixtures.map(({ data }) => Buffer.from(data, "hex"))),
          fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 4 }),
        )
        .map(([data, changes]) => {
          const changed = Buffer.from(data);
          for (const [at, byte] of changes) changed[at % changed.length] = byte;
          return changed;
        }),
    );
    fc.assert(
      fc.property(hostile, (data) => {
        const error = refusalOf(data);
        expect(["none", "KC_RECORD_POISON"]).toContain(error?.code ?? "none");
        const said = `the record's ${data.length} bytes are no shop.Order`;
        expect(error?.message ?? said).toBe(said);
        expect(error?.cause).toBeUndefined();
      }),
      { numRuns: 3000 },
    );
  });

  it.each<[string, Uint8Array]>([
    ["end in the middle of a message", Buffer.from([0x7a, 0x7f, 0x08])],
    ["claim a text of 2 GiB", Buffer.from([0x12, 0xff, 0xff, 0xff, 0xff, 0x07])],
    ["hold a text that is not UTF-8", Buffer.from([0x12, 0x01, 0xff])],
    ["hold a varint without an end", Buffer.alloc(1_000_000, 0x80)],
    ["nest groups without an end", Buffer.alloc(1_000_000, 0x9b)],
    ["have a wire type that there is none of", Buffer.from([0x0f])],
    ["have the field 0", Buffer.from([0x00, 0x00])],
  ])("that %s are poison at once", (_name, data) => {
    expect(refusalOf(data)).toMatchObject({ code: "KC_RECORD_POISON" });
  });

  it("of more than 100 messages in each other are poison", () => {
    let nested: Uint8Array = new Uint8Array();
    for (let depth = 0; depth < 200; depth += 1)
      nested = new BinaryWriter().tag(15, WireType.LengthDelimited).bytes(nested).finish();
    expect(refusalOf(nested)).toMatchObject({ code: "KC_RECORD_POISON" });
  });
});
