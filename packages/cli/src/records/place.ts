import { type Moment, momentOf } from "../app/inputs.js";

/** A place in a shard. */
export type Place =
  | { readonly type: "horizon" }
  | { readonly type: "position"; readonly sequenceNumber: string; readonly subSequenceNumber: number }
  | { readonly type: "moment"; readonly moment: Moment };

/** Reads a place: `horizon`, a sequence number with or without `.SUB`, or a moment. Sequence numbers have 56 digits, epoch milliseconds 13. */
export function placeOf(text: string): Place {
  if (text === "horizon" || text === "TRIM_HORIZON") return { type: "horizon" };
  const [, sequenceNumber, sub = "0"] = /^(\d{20,128})(?:\.(\d{1,6}))?$/.exec(text) ?? [];
  if (sequenceNumber !== undefined)
    return { type: "position", sequenceNumber, subSequenceNumber: Number(sub) };
  return { type: "moment", moment: momentOf(text) };
}
