/** One entry of a request: what the splitter must know of it. */
export interface Packed {
  /** Its size, as the service counts it against a request. */
  readonly bytes: number;
  /** How many items travel in it. */
  readonly count: number;
}

/** What one request may hold. */
export interface RequestLimits {
  readonly maxRequestEntries: number;
  /** No entry may have more by itself. */
  readonly maxRequestBytes: number;
}

/** How a batch is split. */
export interface SplitOptions<Item, Put extends Packed> extends RequestLimits {
  /** Items of one lane keep their order: no request holds two of them, and none passes one that is not settled. */
  readonly laneOf: (item: Item) => string;
  /** Makes one entry out of the items from `start` on: at least one of them. */
  readonly pack: (items: readonly Item[], start: number) => Put;
}

/** Gives out a batch request by request, as the answers come in. */
export interface RequestSplitter<Item, Put extends Packed> {
  /** The next request, within the limits; empty when everything is written or waits behind something that was refused. */
  readonly next: () => readonly Put[];
  /**
   * What stands at this place of the last request has been written: the next of its queue may go. What is not reported before the next request
   * holds its queue for good.
   */
  readonly written: (index: number) => void;
  /** All that is not written, each queue in its order. */
  readonly unsettled: () => readonly Item[];
  /** Those of them that were in no request: they wait behind one of their queue, or the requests ended before their turn. */
  readonly untried: () => ReadonlySet<Item>;
}

interface OrderedQueue<Item, Put> {
  readonly items: Item[];
  /** The first item that is not written. */
  start: number;
  /** What was packed for a request that turned out to be full. */
  packed: Put | undefined;
  /** Items from there on that were in a request, and are not written. */
  tried: number;
}

/**
 * Splits items into requests within the limits. Services take the entries of a request one by one, and may refuse one and take the next
 * (API reference of Kinesis: "PutRecords doesn't guarantee the ordering of records"). So a request holds at most one entry of a lane, and the
 * next of that lane goes only when it is written. Lanes with more to come go first: they need the most requests. Pure: no I/O, no clock.
 */
export function splitIntoRequests<Item, Put extends Packed>(
  items: readonly Item[],
  { maxRequestEntries, maxRequestBytes, laneOf, pack }: SplitOptions<Item, Put>,
): RequestSplitter<Item, Put> {
  const queues = new Map<string, OrderedQueue<Item, Put>>();
  for (const item of items) {
    const name = laneOf(item);
    const queue = queues.get(name);
    if (queue === undefined) queues.set(name, { items: [item], start: 0, packed: undefined, tried: 0 });
    else queue.items.push(item);
  }
  const untouched = queues.values();
  // A stack of the queues that may go on. Nothing starves in it, because a batch comes to an end.
  const continuing: OrderedQueue<Item, Put>[] = [];
  /** The queues of the last request, by their places in it; undefined once written. */
  let underWay: (OrderedQueue<Item, Put> | undefined)[] = [];
  let request: Put[] = [];
  let left = items.length;

  const nextQueue = (): OrderedQueue<Item, Put> | undefined => {
    const queue = continuing.pop();
    if (queue !== undefined) return queue;
    const { value } = untouched.next();
    return value;
  };

  return {
    next: () => {
      request = [];
      underWay = [];
      let bytes = 0;
      while (request.length < maxRequestEntries) {
        const queue = nextQueue();
        if (queue === undefined) break;
        const put = queue.packed ?? pack(queue.items, queue.start);
        if (request.length > 0 && bytes + put.bytes > maxRequestBytes) {
          queue.packed = put;
          continuing.push(queue);
          break;
        }
        queue.packed = undefined;
        queue.tried = put.count;
        underWay.push(queue);
        request.push(put);
        bytes += put.bytes;
      }
      return request;
    },
    written: (index) => {
      const queue = underWay[index];
      const put = request[index];
      if (queue === undefined || put === undefined) return;
      underWay[index] = undefined;
      queue.start += put.count;
      queue.tried = 0;
      left -= put.count;
      if (queue.start < queue.items.length) continuing.push(queue);
    },
    unsettled: () =>
      left === 0 ? [] : [...queues.values()].flatMap((queue) => queue.items.slice(queue.start)),
    untried: () =>
      new Set(
        left === 0
          ? []
          : [...queues.values()].flatMap(({ items, start, tried }) => items.slice(start + tried)),
      ),
  };
}

/** Splits items between which there is no order, so that all requests but the last are as full as they can be. Pure. */
export function splitUnordered<Item extends Packed>(
  items: readonly Item[],
  { maxRequestEntries, maxRequestBytes }: RequestLimits,
): RequestSplitter<Item, Item> {
  const isWritten = new Uint8Array(items.length);
  let left = items.length;
  let start = 0;
  let end = 0;
  return {
    next: () => {
      start = end;
      let bytes = 0;
      for (; end < items.length && end - start < maxRequestEntries; end += 1) {
        bytes += items[end]?.bytes ?? 0;
        if (end > start && bytes > maxRequestBytes) break;
      }
      return items.slice(start, end);
    },
    written: (index) => {
      if (isWritten[start + index] !== 0) return;
      isWritten[start + index] = 1;
      left -= 1;
    },
    unsettled: () => (left === 0 ? [] : items.filter((_item, index) => isWritten[index] === 0)),
    untried: () => new Set(items.slice(end)),
  };
}
