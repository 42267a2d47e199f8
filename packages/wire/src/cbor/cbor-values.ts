import { WireFormatError } from "../wire-format-error.js";

export function malformed(what: string): WireFormatError {
  return new WireFormatError(`the CBOR answer ${what}; it was damaged or cut off on its way: ask again`);
}

/** Simple values of RFC 8949 section 3.3: booleans, null and undefined, which is null here. */
export function simple(info: number): boolean | null {
  if (info === 20 || info === 21) return info === 21;
  if (info === 22 || info === 23) return null;
  throw malformed("has a value of no known type");
}

/** RFC 8949 appendix D. */
export function halfFloat(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  let size = (fraction + 1024) * 2 ** (exponent - 25);
  if (exponent === 0) size = fraction * 2 ** -24;
  else if (exponent === 31) size = fraction === 0 ? Infinity : NaN;
  return bits & 0x8000 ? -size : size;
}
