import { CborReader } from "./cbor-reader.js";

/**
 * Reads a whole AWS-CBOR value: times as Date, byte strings as views, integers beyond 2^53 as BigInt.
 * @throws WireFormatError when the bytes are no such value, or more than one
 */
export function decodeCbor(bytes: Uint8Array): unknown {
  const reader = new CborReader(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  const value = reader.value();
  reader.finish();
  return value;
}
