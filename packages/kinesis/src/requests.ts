import { MAX_REQUEST_RECORDS } from "./limits.js";

/** What the splitter must know of a record. */
export interface Sized {
  /** Data and key, as the service counts them against a request. */
  readonly bytes: number;
}

/** One Kinesis record of a request, with the records that travel in it: one, or those of an aggregate. */
export interface Packed<Item> extends Sized {
  readonly items: readonly Item[];
}

/** How a batch is split. */
export interface SplitOptions<Item, Put extends Packed<Item>> {
  readonly maxRequestBytes: number;
  /** Records of one lane keep their order: no request holds two of them, and none passes one that is not settled. */
  readonly laneOf: (item: Item, index: number) => string;
  /** Makes one Kinesis record out of the items from `start` on: at least one of them. None may have more than `maxRequestBytes`. */
  readonly pack: (items: readonly Item[], start: number) => Put;
}

/** Gives out a batch request by request, as the answers come in. */
export interface RequestSplitter<Item, Put extends Packed<Item>> {
  /** The next request, within the limits; empty when everything is placed or waits behind something that was refused. */
  readonly next: () => readonly Put[];
  /** What was given out has been placed: the next of its lane may go. What is not reported holds its lane for good. */
  readonly placed: (put: Put) => void;
  /** All that is not placed, lane by lane, each lane in its order. */
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
export function splitIntoRequests<Item, Put extends Packed<Item>>(
  items: readonly Item[],
  { maxRequestBytes, laneOf, pack }: SplitOptions<Item, Put>,
): RequestSplitter<Item, Put> {
  const lanes = new Map<string, Lane<Item, Put>>();
  for (const [index, item] of items.entries()) {
    const name = laneOf(item, index);
    const lane = lanes.get(name);
    if (lane === undefined) lanes.set(name, { items: [item], start: 0, packed: undefined });
    else lane.items.push(item);
  }
  const untouched = lanes.values();
  // A stack of the lanes that may go on. Nothing starves in it, because a batch comes to an end.
  const continuing: Lane<Item, Put>[] = [];
  const underWay = new Map<Put, Lane<Item, Put>>();

  const nextLane = (): Lane<Item, Put> | undefined => {
    const lane = continuing.pop();
    if (lane !== undefined) return lane;
    const { value } = untouched.next();
    return value;
  };

  return {
    next: () => {
      const request: Put[] = [];
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
        underWay.set(put, lane);
        request.push(put);
        bytes += put.bytes;
      }
      return request;
    },
    placed: (put) => {
      const lane = underWay.get(put);
      if (lane === undefined) return;
      underWay.delete(put);
      lane.start += put.items.length;
      if (lane.start < lane.items.length) continuing.push(lane);
    },
    unsettled: () => [...lanes.values()].flatMap((lane) => lane.items.slice(lane.start)),
  };
}
