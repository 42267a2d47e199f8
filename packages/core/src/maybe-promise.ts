/** A value now, or a promise of it. Functions that return values are called without a promise per record. */
export type MaybePromise<Value> = Value | Promise<Value>;

/** Whether there is something to await. */
export function isPromise<Value>(value: MaybePromise<Value>): value is Promise<Value> {
  return (
    typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function"
  );
}
