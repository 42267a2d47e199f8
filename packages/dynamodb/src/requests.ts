import { BATCH_ENVELOPE_BYTES, MAX_BATCH_BYTES, MAX_BATCH_WRITES } from "./limits.js";

/**
 * Splits writes into BatchWriteItem requests of at most 25 writes and 16 MB on the wire, in their order. A write that is over the limit
 * alone gets a request alone. Pure.
 */
export function splitWrites<Write extends { readonly wireBytes: number }>(
  writes: readonly Write[],
): readonly (readonly Write[])[] {
  const requests: Write[][] = [];
  let request: Write[] = [];
  let bytes = BATCH_ENVELOPE_BYTES;
  for (const write of writes) {
    const isFull = request.length === MAX_BATCH_WRITES || bytes + write.wireBytes > MAX_BATCH_BYTES;
    if (isFull && request.length > 0) {
      requests.push(request);
      request = [];
      bytes = BATCH_ENVELOPE_BYTES;
    }
    request.push(write);
    bytes += write.wireBytes;
  }
  if (request.length > 0) requests.push(request);
  return requests;
}
