/** The bounds of one request. */
export interface RequestLimits {
  readonly maxBytes: number;
  readonly maxCount: number;
}

/**
 * Splits into requests, in order: each within both bounds, and as full as the next one's first item allows. What is larger than a whole
 * request goes alone. Pure.
 */
export function splitIntoRequests<Item extends { readonly bytes: number }>(
  items: readonly Item[],
  { maxBytes, maxCount }: RequestLimits,
): readonly (readonly Item[])[] {
  const requests: Item[][] = [];
  let request: Item[] = [];
  let bytes = 0;
  for (const item of items) {
    if (request.length > 0 && (request.length >= maxCount || bytes + item.bytes > maxBytes)) {
      requests.push(request);
      request = [];
      bytes = 0;
    }
    request.push(item);
    bytes += item.bytes;
  }
  if (request.length > 0) requests.push(request);
  return requests;
}
