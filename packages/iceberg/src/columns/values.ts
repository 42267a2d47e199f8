/**
 * A single value as this package holds it: int, float and date (days) as numbers; long and timestamps (microseconds) as bigints; decimals as
 * bigints of their unscaled value; texts; bytes for binary, fixed and uuid; booleans.
 */
export type Value = number | bigint | string | Uint8Array | boolean;

/** A bigint in the fewest bytes of two's complement, most significant first: how decimals are kept. */
export function bytesOfBigint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 8n) {
    const byte = Number(BigInt.asUintN(8, rest));
    bytes.push(byte);
    const left = rest >> 8n;
    if ((left === 0n && byte < 0x80) || (left === -1n && byte >= 0x80))
      return Uint8Array.from(bytes.reverse());
  }
}

/** Eight bytes, the least significant first. */
export function bytesOfLong(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, value, true);
  return bytes;
}

/**
 * A single value as bounds have it (Iceberg table spec, appendix D "Binary single-value serialization").
 * @param type of the column, without parts: `long`, `decimal(9,2)`
 */
export function bytesOfValue(value: Value, type: string): Uint8Array {
  if (typeof value === "string") return Buffer.from(value);
  if (value instanceof Uint8Array) return value;
  if (typeof value === "boolean") return Uint8Array.of(value ? 1 : 0);
  if (type.startsWith("decimal")) return bytesOfBigint(BigInt(value));
  const bytes = new Uint8Array(WIDE.test(type) ? 8 : 4);
  const view = new DataView(bytes.buffer);
  if (type === "double") view.setFloat64(0, Number(value), true);
  else if (type === "float") view.setFloat32(0, Number(value), true);
  else if (bytes.length === 8) view.setBigInt64(0, BigInt(value), true);
  else view.setInt32(0, Number(value), true);
  return bytes;
}

const WIDE = /^(long|double|timestamp|timestamptz|time)$/;

/**
 * What `bytesOfValue` made bytes of, also where the column has come to be wider since: four bytes of a long were an int's, of a double a float's
 * (same appendix).
 */
export function valueOfBytes(bytes: Uint8Array, type: string): Value {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (type === "string") return Buffer.from(bytes).toString();
  if (type === "boolean") return bytes[0] === 1;
  if (type === "double") return bytes.length === 4 ? view.getFloat32(0, true) : view.getFloat64(0, true);
  if (type === "float") return view.getFloat32(0, true);
  if (type.startsWith("decimal"))
    return bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), (bytes[0] ?? 0) >= 0x80 ? -1n : 0n);
  if (type === "long" && bytes.length === 4) return BigInt(view.getInt32(0, true));
  if (WIDE.test(type)) return view.getBigInt64(0, true);
  if (type === "int" || type === "date") return view.getInt32(0, true);
  return bytes;
}

const SIZES: Readonly<Record<string, readonly number[]>> = {
  boolean: [1],
  int: [4],
  date: [4],
  float: [4],
  long: [4, 8],
  double: [4, 8],
  time: [8],
  timestamp: [8],
  timestamptz: [8],
  uuid: [16],
};

/** Whether bytes are a value of a type. */
export function isBytesOf(bytes: Uint8Array, type: string): boolean {
  const sizes = SIZES[type];
  if (sizes !== undefined) return sizes.includes(bytes.length);
  const [, kind, parameter] = /^(decimal\(|fixed\[)(\d+)/.exec(type) ?? [];
  if (kind === "fixed[") return bytes.length === Number(parameter);
  if (kind === "decimal(") {
    const value = bytes.length > 0 ? valueOfBytes(bytes.subarray(0, 17), type) : undefined;
    const limit = 10n ** BigInt(parameter ?? 0);
    return typeof value === "bigint" && -limit < value && value < limit;
  }
  return true;
}
