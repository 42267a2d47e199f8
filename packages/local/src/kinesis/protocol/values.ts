import type { StoredRecord } from "../streams/shard.js";

/** A moment: seconds with a fraction in JSON, tag 1 with whole milliseconds in CBOR. */
export class WireTime {
  readonly ms: number;

  constructor(ms: number) {
    this.ms = ms;
  }
}

/** Records of an answer, kept as they are stored until the form of the answer is known. */
export class RecordList {
  readonly records: readonly StoredRecord[];

  constructor(records: readonly StoredRecord[]) {
    this.records = records;
  }
}

/** A value in an answer. An absent member is undefined and left out. */
export type WireValue =
  | string
  | number
  | boolean
  | undefined
  | WireTime
  | RecordList
  | readonly WireValue[]
  | WireObject;

/** An answer as members of any name: texts, numbers, bytes, lists and objects. */
export interface WireObject {
  readonly [member: string]: WireValue;
}

/** A request's input as decoded: members of any type, since nothing has been checked. */
export type Input = Readonly<Record<string, unknown>>;

/** Whether a decoded value is a structure. */
export function isInput(value: unknown): value is Input {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof WireTime) &&
    !Buffer.isBuffer(value)
  );
}
