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
