import { BATCH_ENVELOPE_BYTES, MAX_BATCH_BYTES, MAX_BATCH_WRITES } from "./limits.js";

/**
 * Splits writes into BatchWriteItem requests of at most 25 writes and 16 MB on the wire, in their order. A write that is over the limit
 * alone gets a request alone. Takes no more writes than the next request needs, and one.
 */
export function* splitWrites<Write extends { readonly wireBytes: number }>(
  writes: Iterable<Write>,
): Generator<readonly Write[], void> {
  let request: Write[] = [];
  let bytes = BATCH_ENVELOPE_BYTES;
  for (const write of writes) {
    if (bytes + write.wireBytes > MAX_BATCH_BYTES && request.length > 0) {
      yield request;
      request = [];
      bytes = BATCH_ENVELOPE_BYTES;
    }
    request.push(write);
    bytes += write.wireBytes;
    if (request.length < MAX_BATCH_WRITES) continue;
    yield request;
    request = [];
    bytes = BATCH_ENVELOPE_BYTES;
  }
  if (request.length > 0) yield request;
}

/** A request for each write. */
export function* eachAlone<Write>(writes: Iterable<Write>): Generator<readonly Write[], void> {
  for (const write of writes) yield [write];
}
