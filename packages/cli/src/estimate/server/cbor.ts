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

/** Values of which control answers are made. */
export type Plain = string | number | Date | readonly Plain[] | { readonly [name: string]: Plain };

/** A control answer in AWS-CBOR. */
export function cborOf(value: Plain): Buffer {
  if (typeof value === "number") return head(0, value);
  if (typeof value === "string") return text(value);
  if (value instanceof Date) return moment(value.getTime());
  if (isList(value)) return Buffer.concat([head(4, value.length), ...value.map(cborOf)]);
  const members = Object.entries(value);
  return Buffer.concat([
    head(5, members.length),
    ...members.flatMap(([name, member]) => [text(name), cborOf(member)]),
  ]);
}

/** The same in AWS JSON, where moments are seconds. */
export function jsonOf(value: Plain): Buffer {
  // `toJSON` of a Date comes before a replacer sees it, but its holder still has the Date.
  return Buffer.from(
    JSON.stringify(value, function (this: Readonly<Record<string, unknown>>, name, member: unknown) {
      const own = this[name];
      return own instanceof Date ? own.getTime() / 1000 : member;
    }),
  );
}

function isList(value: Plain): value is readonly Plain[] {
  return Array.isArray(value);
}
