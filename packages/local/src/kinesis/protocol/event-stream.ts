import { crc32 } from "node:zlib";

/** One message of `application/vnd.amazon.eventstream`. */
export interface EventMessage {
  /** Header names and values; all values are strings here. */
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: Buffer;
}

/** Header value type of a string, event stream encoding specification of Smithy. */
const stringType = 7;

/**
 * Frames a message: total length, headers' length, CRC-32 of these two; headers; payload; CRC-32 of all before it
 * ("Amazon Event Stream Specification", Smithy 2.0).
 */
export function encodeEventMessage(message: EventMessage): Buffer {
  const headers = Buffer.concat(
    Object.entries(message.headers).map(([name, value]) => {
      const nameBytes = Buffer.from(name, "utf8");
      const valueBytes = Buffer.from(value, "utf8");
      const header = Buffer.alloc(1 + nameBytes.length + 3);
      header.writeUInt8(nameBytes.length, 0);
      nameBytes.copy(header, 1);
      header.writeUInt8(stringType, 1 + nameBytes.length);
      header.writeUInt16BE(valueBytes.length, 2 + nameBytes.length);
      return Buffer.concat([header, valueBytes]);
    }),
  );
  const total = 12 + headers.length + message.payload.length + 4;
  const frame = Buffer.allocUnsafe(total);
  frame.writeUInt32BE(total, 0);
  frame.writeUInt32BE(headers.length, 4);
  frame.writeUInt32BE(crc32(frame.subarray(0, 8)), 8);
  headers.copy(frame, 12);
  message.payload.copy(frame, 12 + headers.length);
  frame.writeUInt32BE(crc32(frame.subarray(0, total - 4)), total - 4);
  return frame;
}
