/**
 * What a record is going to do in the pipeline.
 * - `plain`, `many`, `none`: one model, several, none. `slow`: one, after a while.
 * - `filtered`: dropped by the filter. `flaky-filter`: dropped now and then, otherwise than the time before.
 * - `poison`: the transformer throws. `stuck`: it never settles. `rejected`: the format cannot write it. All of them are dead letters.
 * - `flaky-poison`: the transformer throws now and then: a dead letter or an output, but never both and never neither.
 */
export type RecordKind =
  | "plain"
  | "many"
  | "none"
  | "slow"
  | "filtered"
  | "flaky-filter"
  | "poison"
  | "stuck"
  | "rejected"
  | "flaky-poison";

/** A record's data: JSON. */
export interface Payload {
  readonly id: number;
  readonly kind: RecordKind;
  /** How many models it gives. */
  readonly outputs: number;
  /** Which of the keys of the run it belongs to, where the destination has keys. */
  readonly key?: number;
}

/** One line of an object: which output of which record, and where in the stream that record was. */
export interface Line {
  readonly id: number;
  readonly n: number;
  readonly at: string;
  /** What destinations with keys place it by; empty for a record that they must refuse. */
  readonly key: string;
  /** In a record that no format can write (it holds itself), or, of Redshift, that is written and not loaded. */
  readonly unwritable?: unknown;
}

export function bytesOf(payload: Payload): Uint8Array {
  return Buffer.from(JSON.stringify(payload));
}

/** The text of a key: what `Line.key` holds. */
export function keyText({ key = 0 }: Payload): string {
  return `k${key}`;
}

/** The version of a record's own, which goes up and down along the stream; some records have the same. */
export function revisionOf(id: number): number {
  return (id * 389) % 97;
}

/** The payload in a record's data, which this simulation has put there itself. */
export function payloadOf(data: Uint8Array): Payload {
  const parsed: Payload = JSON.parse(
    Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("utf8"),
  );
  return parsed;
}
