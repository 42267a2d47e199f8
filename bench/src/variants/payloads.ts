import { gunzipSync, gzipSync } from "node:zlib";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import avsc from "avsc";
import { avro } from "@kinesis-connectors/avro";
import { compressed, type DecodingTransformer, json, type KinesisRecord } from "@kinesis-connectors/core";
import { protobuf } from "@kinesis-connectors/protobuf";
import { confluentRecords } from "@kinesis-connectors/schema-registry";
import type { Order } from "../data/documents.js";
import { parsed, payloads } from "../data/expected.js";
import { orderMessage } from "../data/order-message.js";
import type { Job, Variant } from "../rows/variant.js";
import { startRegistry } from "../servers/registry.js";

const SCHEMA = {
  type: "record",
  name: "Order",
  fields: [
    { name: "id", type: "long" },
    { name: "status", type: "string" },
    { name: "customer", type: "string" },
    { name: "total", type: "double" },
    { name: "note", type: "string" },
  ],
} as const satisfies avsc.Schema;

const MESSAGE = orderMessage();

/** How a row decodes one record. */
type Decode = (record: KinesisRecord) => Order;

/** Records in memory, in one buffer as in a page, decoded one by one: nothing else is measured. */
function row(
  name: string,
  label: string,
  kind: Variant["kind"],
  encode: (order: Order) => Uint8Array,
  start: (first: KinesisRecord) => Decode | Promise<Decode>,
): Variant {
  return {
    name,
    label,
    section: "payloads",
    kind,
    unit: "row",
    sets: ["uniform"],
    transports: ["memory"],
    expected: payloads,
    run: async ({ set, meter }: Job) => {
      const encoded = set.userRecords.map((data) => encode(parsed(data)));
      const page = Buffer.concat(encoded);
      let end = 0;
      const records = encoded.map((data, index): KinesisRecord => {
        const start = end;
        end += data.length;
        return {
          sequenceNumber: String(index).padStart(56, "4"),
          subSequenceNumber: 0,
          partitionKey: "a",
          arrivalTimeMs: 0,
          data: page.subarray(start, end),
        };
      });
      const [first] = records;
      if (first === undefined) return;
      const decode = await start(first);
      do {
        for (const record of records) {
          const order = decode(record);
          meter.touchValue(meter.isCollecting ? documentOf(order) : order);
        }
      } while (meter.page(records.length));
    },
  };
}

/** Without the name that Protobuf messages have. */
function documentOf({ id, status, customer, total, note }: Order): Order {
  return { id, status, customer, total, note };
}

/** Records need no promise, and the caller says what they are. */
function decodeBy({ toModel }: Pick<DecodingTransformer<unknown>, "toModel">): Decode {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return toModel as Decode;
}

const avroType = avsc.Type.forSchema(SCHEMA);
const avroBytes = (order: Order): Buffer => avroType.toBuffer(order);
const gzipped = (order: Order): Buffer => gzipSync(JSON.stringify(order));
const messageBytes = (order: Order): Uint8Array => toBinary(MESSAGE, create(MESSAGE, { ...order }));
const framed = (order: Order): Buffer => Buffer.concat([Buffer.from([0, 0, 0, 0, 1]), avroBytes(order)]);

export const variants: readonly Variant[] = [
  row(
    "avro-bare",
    "avsc alone: fromBuffer, records in memory",
    "peer",
    avroBytes,
    () =>
      ({ data }) =>
        avroType.fromBuffer(data as Buffer) as Order,
  ),
  row("avro", "avro(): the same records", "ours", avroBytes, () => decodeBy(avro({ schema: SCHEMA }))),
  row(
    "avro-registry",
    "confluentRecords() and avro(): the same records, framed",
    "ours",
    framed,
    async (first) => {
      const registry = await startRegistry(JSON.stringify(SCHEMA));
      const transformer = confluentRecords({
        url: registry.url,
        formats: { AVRO: ({ definition }) => avro({ schema: definition }) },
      });
      await transformer.toModel(first);
      await registry.close();
      return decodeBy(transformer);
    },
  ),
  row(
    "protobuf-bare",
    "protobuf-es alone: fromBinary, records in memory",
    "peer",
    messageBytes,
    () =>
      ({ data }) =>
        fromBinary(MESSAGE, data) as unknown as Order,
  ),
  row("protobuf", "protobuf(): the same records", "ours", messageBytes, () => decodeBy(protobuf(MESSAGE))),
  row(
    "gzip-bare",
    "zlib and JSON.parse alone: gzipped JSON, records in memory",
    "peer",
    gzipped,
    () =>
      ({ data }) =>
        JSON.parse(gunzipSync(data).toString()) as Order,
  ),
  row("gzip", "compressed(json()): the same records", "ours", gzipped, () => decodeBy(compressed(json()))),
];
