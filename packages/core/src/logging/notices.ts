/** Codes of lines in the log that are warnings about the data, and no errors: nothing stops for them, and each is written once. */
export type NoticeCode =
  /**
   * Records hold numbers that a JavaScript number does not hold, and `json()` rounded them.
   * Cure: `json({ numbers: "exact" })` keeps all digits; `json().original()` passes the bytes on.
   */
  | "KC_DIGITS_LOST"
  /**
   * A number that `by` of `timePartition` gave is more than ten years before its record arrived.
   * Cure: numbers are milliseconds: for others set `epochUnit`; for times that are so old set `maxLateMs`.
   */
  | "KC_OLD_TIME";

/** Something about the data that whoever runs the pipeline should hear of once. Holds no value of a record. */
export interface Notice {
  /** The code in the line of the log. */
  readonly code: NoticeCode;
  readonly message: string;
}

/** So many wait at most, where nothing runs that takes them. */
const MAX_WAITING = 100;

let waiting: Notice[] = [];

/**
 * Has a warning written to the log of the pipeline that is scanning its records: for transformers, filters and partitions, which have no logger of their
 * own. Whoever gives notice sees to it that it does so once, and not for each record.
 */
export function giveNotice(notice: Notice): void {
  if (waiting.length < MAX_WAITING) waiting.push(notice);
}

/** Whether notices wait to be written. */
export function hasNotices(): boolean {
  return waiting.length > 0;
}

/** The notices given since the last call. */
export function takeNotices(): readonly Notice[] {
  const taken = waiting;
  waiting = [];
  return taken;
}
