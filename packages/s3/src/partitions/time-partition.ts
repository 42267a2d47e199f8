import {
  giveNotice,
  KinesisConnectorError,
  type KinesisRecord,
  wholeNumber,
  checkOptions,
  type OptionNames,
  invalidOption,
  poisonRecord,
} from "@kinesis-connectors/core";
import {
  type EpochUnit,
  inCalendar,
  isEpochUnit,
  isOldNumber,
  millisOf,
  type PointInTime,
} from "./event-time.js";

/** Options of `timePartition`. */
export interface TimePartitionOptions<Output, Pattern extends { readonly [name: string]: string }> {
  /**
   * Gives the time that counts: a number of `epochUnit` since 1970, a Date, or ISO 8601 with a `Z` or an offset (or a date alone, which is UTC). Default: when
   * the stream received the record, which every record has.
   */
  readonly by?: (output: Output, record: KinesisRecord) => PointInTime;
  /**
   * The unit of `by` where it gives a number: `s`, `ms`, `us` or `ns`. Told this, it may give BigInts and texts of digits as well: nanoseconds do not fit
   * a number. Default `ms`; a number more than ten years before its record is then told in a warning, once, unless `maxLateMs` is set.
   */
  readonly epochUnit?: EpochUnit;
  /** IANA name of the zone in which folders are named, such as `Europe/Vienna`. Default `UTC`. */
  readonly zone?: string;
  /** Folder names, each of `yyyy`, `MM`, `dd`, `HH`, `mm` and anything but letters. Default `{ date: "yyyy-MM-dd", hour: "HH" }`. */
  readonly pattern?: Pattern;
  /** Limit of a record's time before its arrival, in milliseconds. Default: none. */
  readonly maxLateMs?: number;
  /** Limit of a record's time after its arrival, in milliseconds (clocks of producers that are ahead). Default: none. */
  readonly maxAheadMs?: number;
  /** The fate of a record whose time is outside the limits: filed by arrival instead (default), or a dead letter. */
  readonly onOutside?: "arrival" | "dead-letter";
}

type Fields = { readonly [token in Token]: string };
type Token = "yyyy" | "MM" | "dd" | "HH" | "mm";

const TOKEN = /yyyy|MM|dd|HH|mm/g;
const PATTERN = /^(?:yyyy|MM|dd|HH|mm|[^A-Za-z])+$/;
const MINUTE_MS = 60_000;
/** Until then some zones had offsets with seconds (Liberia, tz database), and a minute could hold two folders. */
const WHOLE_MINUTES_SINCE_MS: number = Date.UTC(1973, 0);
/** Minutes remembered; more are met only by records far out of order. */
const MAX_REMEMBERED = 4096;

const NAMES: OptionNames<TimePartitionOptions<unknown, Readonly<Record<string, string>>>> = {
  by: true,
  epochUnit: true,
  zone: true,
  pattern: true,
  maxLateMs: true,
  maxAheadMs: true,
  onOutside: true,
};

/**
 * Names folders by time, for the `partition` option. A record's folders depend on the record alone, never on a clock, so a replay files it alike. In a
 * zone with daylight saving the hour that comes twice in autumn is one folder, and the one that is left out in spring has none.
 *
 * @example
 * ```ts
 * const time = timePartition({ by: (click: Click) => click.at, zone: "Europe/Vienna" });
 * const partition = (click: Click, record: KinesisRecord) => ({ ...time(click, record), country: click.country });
 * ```
 * @throws KinesisConnectorError `KC_OPTION_INVALID`; the function that it returns throws `KC_RECORD_POISON` for a time that is none
 */
export function timePartition<
  Output,
  Pattern extends { readonly [name: string]: string } = { readonly date: string; readonly hour: string },
>(
  options: TimePartitionOptions<Output, Pattern> = {},
): (output: Output, record: KinesisRecord) => { readonly [name in keyof Pattern]: string } {
  checkOptions("timePartition", options, NAMES);
  const { by, epochUnit, zone = "UTC", onOutside = "arrival" } = options;
  const pattern: { readonly [name: string]: string } = options.pattern ?? { date: "yyyy-MM-dd", hour: "HH" };
  const maxLateMs = limit("maxLateMs", options.maxLateMs);
  const maxAheadMs = limit("maxAheadMs", options.maxAheadMs);
  if (onOutside !== "arrival" && onOutside !== "dead-letter")
    throw invalidOption('onOutside must be "arrival" or "dead-letter"');
  if (epochUnit !== undefined && !isEpochUnit(epochUnit))
    throw invalidOption('epochUnit must be "s", "ms", "us" or "ns"');
  let isTold = epochUnit !== undefined || options.maxLateMs !== undefined;
  const templates = Object.entries(pattern);
  if (templates.length === 0 || templates.some(([, template]) => !PATTERN.test(template)))
    throw invalidOption("pattern must be made of yyyy, MM, dd, HH, mm and anything but letters");
  const fieldsOf = rememberedByMinute(fieldsIn(zone));

  return (output, record) => {
    const arrivalMs = inCalendar(record.arrivalTimeMs) ? record.arrivalTimeMs : 0;
    let timeMs = arrivalMs;
    if (by !== undefined) {
      const time = by(output, record);
      timeMs = millisOf(time, epochUnit);
      if (!isTold && isOldNumber(time, timeMs, arrivalMs)) {
        isTold = true;
        giveNotice({
          code: "KC_OLD_TIME",
          message:
            "timePartition: a number that `by` gave is more than ten years before its record arrived. Numbers are milliseconds: for others set " +
            "epochUnit; for times that are so old set maxLateMs",
        });
      }
    }
    if (timeMs < arrivalMs - maxLateMs || timeMs > arrivalMs + maxAheadMs) {
      if (onOutside === "dead-letter")
        throw poisonRecord("the time of the record is too far from its arrival");
      timeMs = arrivalMs;
    }
    const fields = fieldsOf(timeMs);
    const named = templates.map(([name, template]) => [
      name,
      template.replace(TOKEN, (token) => fields[token as Token]),
    ]);
    return Object.fromEntries(named) as { readonly [name in keyof Pattern]: string };
  };
}

function fieldsIn(zone: string): (timeMs: number) => Fields {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      calendar: "gregory",
      numberingSystem: "latn",
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
    });
  } catch (error) {
    throw new KinesisConnectorError(
      "KC_OPTION_INVALID",
      "zone must be an IANA name such as UTC or Europe/Vienna",
      { cause: error },
    );
  }
  return (timeMs) => {
    const parts = new Map(format.formatToParts(timeMs).map(({ type, value }) => [type, value]));
    const part = (type: Intl.DateTimeFormatPartTypes, digits: number): string =>
      (parts.get(type) ?? "").padStart(digits, "0");
    return {
      yyyy: part("year", 4),
      MM: part("month", 2),
      dd: part("day", 2),
      HH: part("hour", 2),
      mm: part("minute", 2),
    };
  };
}

/** Formatting costs microseconds, and the records of a minute are filed alike. */
function rememberedByMinute(fieldsOf: (timeMs: number) => Fields): (timeMs: number) => Fields {
  const known = new Map<number, Fields>();
  return (timeMs) => {
    if (timeMs < WHOLE_MINUTES_SINCE_MS) return fieldsOf(timeMs);
    const minute = Math.floor(timeMs / MINUTE_MS);
    let fields = known.get(minute);
    if (fields === undefined) {
      if (known.size >= MAX_REMEMBERED) known.clear();
      fields = fieldsOf(timeMs);
      known.set(minute, fields);
    }
    return fields;
  };
}

function limit(option: string, value: number | undefined): number {
  return value === undefined ? Number.POSITIVE_INFINITY : wholeNumber(option, value, { min: 0 });
}
