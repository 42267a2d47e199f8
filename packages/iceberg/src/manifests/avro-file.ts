import { createHash } from "node:crypto";
import zlib from "node:zlib";
import avsc, { type Schema, type Type } from "avsc";
import { KinesisConnectorError } from "@kinesis-connectors/core";

/** `Obj` and the version (Avro specification, "Object Container Files"). */
const MAGIC = Buffer.from([0x4f, 0x62, 0x6a, 0x01]);
const SYNC_BYTES = 16;

/** Snapshot ids of other writers fill 63 bits: a number where that has the same value, else a bigint. avsc's own longs refuse those. */
const LONG = avsc.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => {
    const value = bytes.readBigInt64LE(0);
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  },
  toBuffer: (value: number | bigint) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(value), 0);
    return bytes;
  },
  fromJSON: (value: unknown) => value,
  toJSON: (value: unknown) => value,
  isValid: (value: unknown) => typeof value === "bigint" || Number.isSafeInteger(value),
  compare: (left: number | bigint, right: number | bigint) => (left < right ? -1 : left > right ? 1 : 0),
});

/** A long with attributes, such as that of a timestamp, is found in no registry. */
function longOf(schema: unknown): Type | undefined {
  const isLong = typeof schema === "object" && schema !== null && "type" in schema && schema.type === "long";
  return isLong ? LONG : undefined;
}

const HEADER: Type = avsc.Type.forSchema({
  type: "record",
  name: "header",
  fields: [
    { name: "magic", type: { type: "fixed", name: "magic", size: MAGIC.length } },
    { name: "meta", type: { type: "map", values: "bytes" } },
    { name: "sync", type: { type: "fixed", name: "sync", size: SYNC_BYTES } },
  ],
});

const COUNTS: Type = avsc.Type.forSchema({
  type: "record",
  name: "counts",
  fields: [
    { name: "records", type: "long" },
    { name: "bytes", type: "long" },
  ],
});

interface Header {
  readonly magic: Buffer;
  readonly meta: Readonly<Record<string, Buffer>>;
  readonly sync: Buffer;
}

/** A schema as its JSON: avsc's own types drop the attributes that are not Avro's, and `field-id` is one. */
export type AvroSchema = Schema & object;

/** Schemas of a table and of its writers are few, and a type of one takes longer to make than a list to read. */
const MAX_TYPES = 64;
const types = new Map<string, Type>();

function typeOf(schema: AvroSchema, text: string = JSON.stringify(schema)): Type {
  const known = types.get(text);
  if (known !== undefined) return known;
  const [oldest] = types.keys();
  if (types.size >= MAX_TYPES && oldest !== undefined) types.delete(oldest);
  const type = avsc.Type.forSchema(schema, { registry: { long: LONG }, typeHook: longOf, wrapUnions: false });
  types.set(text, type);
  return type;
}

/**
 * Records as a container file of one block. The same records make the same bytes: the marker between blocks comes from them.
 * @param metadata of the file, beside the schema
 */
export function encodeAvroFile(
  schema: AvroSchema,
  records: readonly object[],
  metadata: Readonly<Record<string, string>>,
): Buffer {
  const text = JSON.stringify(schema);
  const type = typeOf(schema, text);
  const block = zlib.deflateRawSync(Buffer.concat(records.map((record) => type.toBuffer(record))));
  const sync = createHash("md5").update(block).digest();
  const meta = Object.fromEntries(
    Object.entries({ ...metadata, "avro.schema": text, "avro.codec": "deflate" }).map(([name, text]) => [
      name,
      Buffer.from(text),
    ]),
  );
  const blocks =
    records.length === 0
      ? []
      : [COUNTS.toBuffer({ records: records.length, bytes: block.length }), block, sync];
  return Buffer.concat([HEADER.toBuffer({ magic: MAGIC, meta, sync }), ...blocks]);
}

/** A container file, read with the schema that it brings. */
export interface AvroFile {
  readonly schema: AvroSchema;
  readonly metadata: Readonly<Record<string, string>>;
  readonly records: readonly Readonly<Record<string, unknown>>[];
}

/**
 * @param name of the file, for messages
 * @throws KinesisConnectorError `KC_EMIT_REFUSED` for what is none, or is compressed in a way that is not read here
 */
export function decodeAvroFile(bytes: Uint8Array, name: string): AvroFile {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    return decode(buffer, name);
  } catch (error) {
    if (KinesisConnectorError.isInstance(error)) throw error;
    throw unreadable(
      name,
      "it is damaged: restore it, or roll the table back to a snapshot before it",
      error,
    );
  }
}

function decode(buffer: Buffer, name: string): AvroFile {
  if (!buffer.subarray(0, MAGIC.length).equals(MAGIC)) throw unreadable(name, "it is no Avro file");
  // avsc decodes what its own schema above says.
  const { value: header, offset } = HEADER.decode(buffer, 0) as {
    readonly value: Header;
    readonly offset: number;
  };
  const metadata = Object.fromEntries(
    Object.entries(header.meta).map(([key, value]) => [key, value.toString()]),
  );
  const text = metadata["avro.schema"] ?? "";
  const schema = JSON.parse(text) as AvroSchema;
  const decompress = decompressionOf(metadata["avro.codec"] ?? "null", name);
  const type = typeOf(schema, text);
  const records: Readonly<Record<string, unknown>>[] = [];
  for (let at = offset; at < buffer.length;) {
    const counts = COUNTS.decode(buffer, at) as {
      readonly value: { readonly records: number; readonly bytes: number };
      readonly offset: number;
    };
    const end = counts.offset + counts.value.bytes;
    const block = decompress(buffer.subarray(counts.offset, end));
    for (let read = 0, from = 0; read < counts.value.records; read += 1) {
      const found = type.decode(block, from) as {
        readonly value: Readonly<Record<string, unknown>>;
        readonly offset: number;
      };
      if (found.offset < 0) throw new Error("a block ends inside a record");
      records.push(found.value);
      from = found.offset;
    }
    if (!buffer.subarray(end, end + SYNC_BYTES).equals(header.sync)) throw new Error("a block has no end");
    at = end + SYNC_BYTES;
  }
  return { schema, metadata, records };
}

function decompressionOf(codec: string, name: string): (bytes: Buffer) => Buffer {
  if (codec === "null") return (bytes) => bytes;
  if (codec === "deflate") return (bytes) => zlib.inflateRawSync(bytes);
  const zstd: unknown = Reflect.get(zlib, "zstdDecompressSync");
  if (codec === "zstandard" && typeof zstd === "function")
    return (bytes) => {
      const found: unknown = Reflect.apply(zstd, zlib, [bytes]);
      if (Buffer.isBuffer(found)) return found;
      throw new TypeError("zlib.zstdDecompressSync gave no bytes");
    };
  throw unreadable(
    name,
    `it is compressed with ${codec}, which is not read here${codec === "zstandard" ? " before Node 22.15" : ""}: ` +
      'set write.avro.compression-codec of the table to "gzip", and rewrite its manifests (rewrite_manifests)',
  );
}

function unreadable(name: string, why: string, cause?: unknown): KinesisConnectorError {
  return new KinesisConnectorError("KC_EMIT_REFUSED", `${name} cannot be read: ${why}`, { cause });
}
