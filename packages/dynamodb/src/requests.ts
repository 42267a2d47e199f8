import { BATCH_ENVELOPE_BYTES, MAX_BATCH_BYTES, MAX_BATCH_WRITES } from "./limits.js";

/** Gives what comes next, and nothing in the end. */
export type Next<Value> = () => Value | undefined;

/**
 * Splits writes into BatchWriteItem requests of at most 25 writes and 16 MB on the wire, in their order. A write that is over the limit
 * alone gets a request alone. For each request it takes the writes that go into it, and at most one more.
 */
export function splitWrites<Write extends { readonly wireBytes: number }>(
  next: Next<Write>,
): Next<readonly Write[]> {
  let left: Write | undefined;
  return () => {
    const request: Write[] = [];
    let bytes = BATCH_ENVELOPE_BYTES;
    while (request.length < MAX_BATCH_WRITES) {
      const write = left ?? next();
      left = undefined;
      if (write === undefined) break;
      bytes += write.wireBytes;
      if (bytes > MAX_BATCH_BYTES && request.length > 0) {
        left = write;
        break;
      }
      request.push(write);
    }
    return request.length === 0 ? undefined : request;
  };
}

/** A request for each write. */
export function eachAlone<Write>(next: Next<Write>): Next<readonly Write[]> {
  return () => {
    const write = next();
    return write === undefined ? undefined : [write];
  };
}
