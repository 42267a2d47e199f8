import { breakByte } from "./cbor-heads.js";
import { CborReader } from "./cbor-reader.js";

/** A text within a result, from the result's first byte on. */
interface TextPlace {
  readonly start: number;
  readonly stop: number;
}

/** Where the texts of a result lie that was taken, and nothing else is said of it. */
export interface TakenPlaces {
  readonly sequenceNumber: TextPlace;
  readonly shardId: TextPlace;
}

/** Results that differ in two texts of the same length alone, one behind the other. */
export interface ResultsAlike extends TakenPlaces {
  /** The first byte of the first one. */
  readonly start: number;
  /** Bytes of each. */
  readonly bytes: number;
  readonly count: number;
  /** Where the list ends. */
  readonly end: number;
}

/**
 * Looks whether all results of a list are of the first one's form, as nearly all answers have them: then what was seen of the first holds for each, and
 * none of them is read by itself. What lies outside the two texts, heads and names, is compared byte by byte; what lies in them changes no form.
 *
 * @param at - of the list
 * @param readTaken - reads one result: where its texts lie in the answer, or undefined where it says anything else
 * @returns undefined where they are not alike, or there is none
 * @throws WireFormatError when the first one is damaged
 */
export function findAlike(
  body: Buffer,
  at: number,
  maxCount: number,
  readTaken: (reader: CborReader) => TakenPlaces | undefined,
): ResultsAlike | undefined {
  // A reader of its own: what it joins of pieces is not the answer's.
  const reader = new CborReader(body);
  reader.at = at;
  const size = reader.array();
  if (size > maxCount || !reader.hasMore(size, 0)) return undefined;
  const start = reader.at;
  const places = readTaken(reader);
  if (places === undefined || reader.bytes !== body) return undefined;
  const bytes = reader.at - start;
  const sequenceNumber = within(places.sequenceNumber, start);
  const shardId = within(places.shardId, start);
  const [one, other] =
    sequenceNumber.start < shardId.start ? [sequenceNumber, shardId] : [shardId, sequenceNumber];
  const { view } = reader;
  let count = 1;
  let next = reader.at;
  while (size < 0 ? body[next] !== breakByte : count < size) {
    if (
      count >= maxCount ||
      next + bytes > body.length ||
      !isSame(view, start, next, 0, one.start) ||
      !isSame(view, start, next, one.stop, other.start) ||
      !isSame(view, start, next, other.stop, bytes)
    )
      return undefined;
    count += 1;
    next += bytes;
  }
  return { start, bytes, count, sequenceNumber, shardId, end: size < 0 ? next + 1 : next };
}

function within({ start, stop }: TextPlace, first: number): TextPlace {
  return { start: start - first, stop: stop - first };
}

/** Whether the same bytes stand from `from` to `to` behind two places: four at a time. */
function isSame(view: DataView, one: number, other: number, from: number, to: number): boolean {
  let index = from;
  for (; index + 4 <= to; index += 4)
    if (view.getInt32(one + index) !== view.getInt32(other + index)) return false;
  for (; index < to; index += 1) if (view.getInt8(one + index) !== view.getInt8(other + index)) return false;
  return true;
}
