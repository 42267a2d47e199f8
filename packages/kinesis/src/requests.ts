import { MAX_REQUEST_RECORDS } from "./limits.js";

/** One Kinesis record of a request: what the splitter must know of it. */
export interface Packed {
  /** Data and key, as the service counts them against a request. */
  readonly bytes: number;
  /** How many records travel in it. */
  readonly count: number;
}

/** How a batch is split. */
export interface SplitOptions<Item, Put extends Packed> {
  readonly maxRequestBytes: number;
  /** Records of one lane keep their order: no request holds two of them, and none passes one that is not settled. */
  readonly laneOf: (item: Item) => string;
  /** Makes one Kinesis record out of the items from `start` on: at least one of them. None may have more than `maxRequestBytes`. */
  readonly pack: (items: readonly Item[], start: number) => Put;
}

/** Gives out a batch request by request, as the answers come in. */
export interface RequestSplitter<Item, Put extends Packed> {
  /** The next request, within the limits; empty when everything is placed or waits behind something that was refused. */
  readonly next: () => readonly Put[];
  /**
   * What stands at this place of the last request has been placed: the next of its lane may go. What is not reported before the next request
   * holds its lane for good.
   */
  readonly placed: (index: number) => void;
  /** All that is not placed, each lane in its order. */
  readonly unsettled: () => readonly Item[];
}

interface Lane<Item, Put> {
  readonly items: Item[];
  /** The first item that is not placed. */
  start: number;
  /** What was packed for a request that turned out to be full. */
  packed: Put | undefined;
}

/**
 * Splits records into requests of at most 500 records and `maxRequestBytes`. PutRecords takes the records of a request one by one, and
 * may refuse one and take the next (API reference: "PutRecords doesn't guarantee the ordering of records"). So a request holds at most
 * one record of a lane, and the next of that lane goes only when it is placed. Lanes with more to come go first: they need the most
 * requests. Pure: no I/O, no clock.
 */
export function splitIntoRequests<Item, Put extends Packed>(
  items: readonly Item[],
  { maxRequestBytes, laneOf, pack }: SplitOptions<Item, Put>,
): RequestSplitter<Item, Put> {
  const lanes = new Map<string, Lane<Item, Put>>();
  for (const item of items) {
    const name = laneOf(item);
    const lane = lanes.get(name);
    if (lane === undefined) lanes.set(name, { items: [item], start: 0, packed: undefined });
    else lane.items.push(item);
  }
  const untouched = lanes.values();
  // A stack of the lanes that may go on. Nothing starves in it, because a batch comes to an end.
  const continuing: Lane<Item, Put>[] = [];
  /** The lanes of the last request, by their places in it; undefined once placed. */
  let underWay: (Lane<Item, Put> | undefined)[] = [];
  let request: Put[] = [];
  let left = items.length;

  const nextLane = (): Lane<Item, Put> | undefined => {
    const lane = continuing.pop();
    if (lane !== undefined) return lane;
    const { value } = untouched.next();
    return value;
  };

  return {
    next: () => {
      request = [];
      underWay = [];
      let bytes = 0;
      while (request.length < MAX_REQUEST_RECORDS) {
        const lane = nextLane();
        if (lane === undefined) break;
        const put = lane.packed ?? pack(lane.items, lane.start);
        if (request.length > 0 && bytes + put.bytes > maxRequestBytes) {
          lane.packed = put;
          continuing.push(lane);
          break;
        }
        lane.packed = undefined;
        underWay.push(lane);
        request.push(put);
        bytes += put.bytes;
      }
      return request;
    },
    placed: (index) => {
      const lane = underWay[index];
      const put = request[index];
      if (lane === undefined || put === undefined) return;
      underWay[index] = undefined;
      lane.start += put.count;
      left -= put.count;
      if (lane.start < lane.items.length) continuing.push(lane);
    },
    unsettled: () => (left === 0 ? [] : [...lanes.values()].flatMap((lane) => lane.items.slice(lane.start))),
  };
}

/** Splits records between which there is no order, so that all requests but the last are as full as they can be. Pure. */
export function splitUnordered<Item extends Packed>(
  items: readonly Item[],
  maxRequestBytes: number,
): RequestSplitter<Item, Item> {
  const isPlaced = new Uint8Array(items.length);
  let left = items.length;
  let start = 0;
  let end = 0;
  return {
    next: () => {
      start = end;
      let bytes = 0;
      for (; end < items.length && end - start < MAX_REQUEST_RECORDS; end += 1) {
        bytes += items[end]?.bytes ?? 0;
        if (end > start && bytes > maxRequestBytes) break;
      }
      return items.slice(start, end);
    },
    placed: (index) => {
      if (isPlaced[start + index] !== 0) return;
      isPlaced[start + index] = 1;
      left -= 1;
    },
    unsettled: () => (left === 0 ? [] : items.filter((_item, index) => isPlaced[index] === 0)),
  };
}
