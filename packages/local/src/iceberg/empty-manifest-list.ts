/** Fields of a manifest list (Iceberg table spec, "Manifest Lists", version 2): name, field id, type. */
const FIELDS: readonly (readonly [name: string, id: number, type: "string" | "long" | "int"])[] = [
  ["manifest_path", 500, "string"],
  ["manifest_length", 501, "long"],
  ["partition_spec_id", 502, "int"],
  ["content", 517, "int"],
  ["sequence_number", 515, "long"],
  ["min_sequence_number", 516, "long"],
  ["added_snapshot_id", 503, "long"],
  ["added_files_count", 504, "int"],
  ["existing_files_count", 505, "int"],
  ["deleted_files_count", 506, "int"],
  ["added_rows_count", 512, "long"],
  ["existing_rows_count", 513, "long"],
  ["deleted_rows_count", 514, "long"],
];

/** A manifest list that names no manifest: an Avro file with a header and no block (Avro specification, "Object Container Files"). */
export function emptyManifestList(): Buffer {
  const schema = {
    type: "record",
    name: "manifest_file",
    fields: FIELDS.map(([name, id, type]) => ({ name, type, "field-id": id })),
  };
  const metadata = { "avro.schema": JSON.stringify(schema), "avro.codec": "null", "format-version": "2" };
  const entries = Object.entries(metadata);
  return Buffer.concat([
    Buffer.from("Obj\u0001", "latin1"),
    long(entries.length),
    ...entries.flatMap(([name, value]) => [bytes(name), bytes(value)]),
    long(0),
    Buffer.alloc(16, "no records here!"),
  ]);
}

/** Zigzag, then seven bits a byte, the lowest first. */
function long(value: number): Buffer {
  const digits: number[] = [];
  let left = value * 2;
  for (; left > 0x7f; left = Math.floor(left / 128)) digits.push((left % 128) | 0x80);
  digits.push(left);
  return Buffer.from(digits);
}

function bytes(text: string): Buffer {
  const encoded = Buffer.from(text);
  return Buffer.concat([long(encoded.length), encoded]);
}
