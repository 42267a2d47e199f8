/** The head of a value of RFC 8949 with a definite length. */
export function head(major: number, value: number): Buffer {
  if (value < 24) return Buffer.from([(major << 5) | value]);
  const [info, length] =
    value < 0x100 ? [24, 1] : value < 0x1_0000 ? [25, 2] : value < 0x1_0000_0000 ? [26, 4] : [27, 8];
  const bytes = Buffer.alloc(1 + length);
  bytes[0] = (major << 5) | info;
  if (length === 8) bytes.writeBigUInt64BE(BigInt(value), 1);
  else bytes.writeUIntBE(value, 1, length);
  return bytes;
}

export function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([head(3, bytes.length), bytes]);
}

/** A moment: tag 1 with an integer of milliseconds, which is AWS-CBOR, and not the seconds of RFC 8949 (aws-sdk-java-v2#184). */
export function moment(epochMs: number): Buffer {
  return Buffer.concat([head(6, 1), head(0, epochMs)]);
}
