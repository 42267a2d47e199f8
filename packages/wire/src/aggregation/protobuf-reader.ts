/**
 * The little of protobuf's wire format that an aggregate needs, read in place.
 * Source: protobuf.dev/programming-guides/encoding.
 *
 * A reader never throws and never allocates per field: `failed` turns true at the first byte that is no
 * protobuf, and every later read stays there. The caller asks once, at the end of a message.
 */
export interface ProtobufReader {
  readonly bytes: Uint8Array;
  /** Where the next byte is read. */
  position: number;
  /** One past the last byte of the message. */
  end: number;
  failed: boolean;
}

export const wireVarint = 0;
const wireFixed64 = 1;
export const wireBytes = 2;
const wireGroupStart = 3;
const wireFixed32 = 5;

// Ten groups of 7 bits hold 64 bits; protobuf libraries refuse an eleventh byte.
const maxVarintBytes = 10;

// The nesting that protobuf-java accepts by default (CodedInputStream, recursion limit); known messages nest 3 deep.
const maxGroupDepth = 100;

const fail = (reader: ProtobufReader): number => {
  reader.failed = true;
  reader.position = reader.end;
  return 0;
};

/**
 * Reads a varint of up to 64 bits. Above 2^53 the result is rounded: such a number is no valid length or
 * index here, and it stays larger than all valid ones.
 */
export const readVarint = (reader: ProtobufReader): number => {
  const { bytes, end } = reader;
  let { position } = reader;
  let value = 0;
  let scale = 1;
  for (let count = 0; count < maxVarintBytes && position < end; count += 1) {
    const byte = bytes[position] ?? 0;
    position += 1;
    // Multiplied, not shifted: shifts end at 32 bits.
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) {
      reader.position = position;
      return value;
    }
    scale *= 128;
  }
  return fail(reader);
};

/** Reads a field's tag (`field number * 8 + wire type`). Field numbers end at 2^29 - 1 and 0 is none. */
export const readTag = (reader: ProtobufReader): number => {
  const tag = readVarint(reader);
  return tag < 8 || tag > 0xffff_ffff ? fail(reader) : tag;
};

/** Reads the length before a string, bytes or message; fails if fewer bytes are left. */
export const readLength = (reader: ProtobufReader): number => {
  const length = readVarint(reader);
  return length > reader.end - reader.position ? fail(reader) : length;
};

const skipBytes = (reader: ProtobufReader, count: number): void => {
  if (count > reader.end - reader.position) fail(reader);
  else reader.position += count;
};

/** Reads over the value of a field that nobody asked for, whose tag was just read. */
export const skipField = (reader: ProtobufReader, tag: number, depth: number = 0): void => {
  switch (tag & 7) {
    case wireVarint:
      readVarint(reader);
      return;
    case wireFixed64:
      skipBytes(reader, 8);
      return;
    case wireBytes:
      skipBytes(reader, readLength(reader));
      return;
    case wireFixed32:
      skipBytes(reader, 4);
      return;
    case wireGroupStart:
      skipGroup(reader, tag + 1, depth + 1);
      return;
    default:
      // The end of a group that never began, or a wire type that does not exist.
      fail(reader);
  }
};

const skipGroup = (reader: ProtobufReader, endTag: number, depth: number): void => {
  if (depth > maxGroupDepth) fail(reader);
  while (!reader.failed) {
    const tag = readTag(reader);
    if (tag === endTag) return;
    if (!reader.failed) skipField(reader, tag, depth);
  }
};
