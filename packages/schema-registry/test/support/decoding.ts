import { avro } from "@kinesis-connectors/avro";
import { type DecodingTransformer, json, type KinesisRecord } from "@kinesis-connectors/core";
import { protobuf } from "@kinesis-connectors/protobuf";
import { recordsOf } from "@kinesis-connectors/testkit";
import type { SchemaFormats } from "../../src/index.js";
import { Order_LineSchema, OrderSchema, RefundSchema } from "../../../protobuf/test/fixtures/order_pb.js";

export const recordOf = (data: Uint8Array): KinesisRecord => recordsOf([data])[0] as KinesisRecord;

/** The model of some data, or the promise of it. */
export const decode = (transformer: DecodingTransformer<unknown>, data: Uint8Array): unknown =>
  transformer.toModel(recordOf(data));

/** The error of decoding, thrown or rejected. */
export async function failureOf(transformer: DecodingTransformer<unknown>, data: Uint8Array): Promise<Error> {
  try {
    await decode(transformer, data);
  } catch (error) {
    return error as Error;
  }
  throw new Error("it was decoded");
}

/** What decoding failed with at once; undefined where it did not. */
export function refusalOf(
  transformer: DecodingTransformer<unknown>,
  data: Uint8Array,
): (Error & { readonly code?: string }) | undefined {
  try {
    decode(transformer, data);
  } catch (error) {
    return error as Error;
  }
  return undefined;
}

/** Every format, each with the decoder of its own package. */
export const FORMATS: SchemaFormats<unknown> = {
  AVRO: ({ definition, references }) => avro({ schema: definition, references }),
  JSON: () => json(),
  PROTOBUF: {
    "shop.Order": protobuf(OrderSchema),
    "shop.Refund": protobuf(RefundSchema),
    "shop.Order.Line": protobuf(Order_LineSchema),
  },
};

/** What the fixtures stand for. */
export function meant({ type, name }: { readonly type: string; readonly name: string }): object {
  const id = 2n ** 53n + 1n;
  if (type === "AVRO") return { id, name: "naïve ☃" };
  if (type === "JSON") return { id: 5, name: "naïve ☃" };
  if (name === "shop.Order") return { $typeName: "shop.Order", id };
  return name === "shop.Refund" ? { $typeName: name, orderId: id } : { $typeName: name, sku: "a1" };
}
