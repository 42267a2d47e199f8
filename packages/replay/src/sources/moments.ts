import { invalidOption } from "@kinesis-connectors/core";

/**
 * A moment as epoch milliseconds.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`
 */
export function momentOf(option: string, time: Date | undefined): number | undefined {
  if (time === undefined) return undefined;
  const ms = time instanceof Date ? time.getTime() : Number.NaN;
  if (Number.isNaN(ms)) throw invalidOption(`${option} must be a valid Date`);
  if (ms < 0)
    throw invalidOption(`${option} lies before 1970, before there was any stream: give a later moment`);
  return ms;
}

/** @throws KinesisConnectorError `KC_OPTION_INVALID` for a range that holds nothing */
export function checkRange(fromMs: number | undefined, untilMs: number | undefined): void {
  if (fromMs !== undefined && untilMs !== undefined && untilMs <= fromMs)
    throw invalidOption("until must be later than from, or nothing is between them");
}
