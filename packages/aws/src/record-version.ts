import { KinesisConnectorError } from "@kinesis-connectors/core";

/** The version that a record has of its own: a counter, a log position, a time. */
export type RecordVersion = bigint | number | string;

/** Digits of the largest whole number: more than those of 128 bits, and than those of the sequence numbers of change streams. */
const MAX_DIGITS = 40;
/** Characters of the longest text. */
const MAX_CHARACTERS = 128;
const LIMIT = 10n ** BigInt(MAX_DIGITS);

/**
 * What a text of a version begins with, so that negative numbers come before others, and texts after all numbers. All of them come after what
 * positions begin with (digits, `x`): what was written without a version is older than what has one.
 */
const NEGATIVE = "y";
const POSITIVE = "z";
const TEXT = "~";

/**
 * Writes versions as texts that sort, byte by byte, as the versions do; a blank may follow them, and then anything. Whole numbers are compared by
 * value, also those that come as texts of digits; other texts byte by byte. The first version decides which of the two all of them are.
 *
 * @throws KinesisConnectorError `KC_RECORD_POISON` from what is returned, when it is given anything else; the message never holds the version
 */
export function versionWriter(): (version: unknown) => string {
  let kind: "numbers" | "texts" | undefined;
  return (version) => {
    const whole = wholeNumberIn(version);
    const own = whole === undefined ? "texts" : "numbers";
    const text = whole === undefined ? `${TEXT}${checkedText(version)}` : numberText(whole);
    kind ??= own;
    if (kind !== own)
      throw refused(
        `is among ${own}, where those before it were among ${kind}: give one kind, such as texts with a letter before their digits`,
      );
    return text;
  };
}

function wholeNumberIn(version: unknown): bigint | undefined {
  if (typeof version === "bigint") return version;
  if (typeof version === "string" && /^-?\d{1,200}$/.test(version)) return BigInt(version);
  if (typeof version !== "number") return undefined;
  if (Number.isSafeInteger(version)) return BigInt(version);
  throw refused(
    Number.isInteger(version)
      ? "is a whole number past 2^53, which is no longer exact: give a bigint or a text"
      : Number.isFinite(version)
        ? "is a number with a fraction: give a whole number, such as milliseconds, or a text"
        : "is no finite number",
  );
}

/** A sign, and digits; of a negative number what it lacks, so that -2 comes before -1. */
function numberText(version: bigint): string {
  if (version <= -LIMIT || version >= LIMIT) throw refused(`has more than ${MAX_DIGITS} digits`);
  return version < 0n
    ? `${NEGATIVE}${String(LIMIT + version).padStart(MAX_DIGITS, "0")}`
    : `${POSITIVE}${String(version).padStart(MAX_DIGITS, "0")}`;
}

function checkedText(version: unknown): string {
  if (typeof version !== "string")
    throw refused(
      version === undefined || version === null
        ? "is missing"
        : "is neither a number nor a bigint nor a text",
    );
  // A blank ends it: what a longer text goes on with must come after that.
  if (version === "" || version.length > MAX_CHARACTERS || !/^[!-~]+$/.test(version))
    throw refused(`is not a text of 1 to ${MAX_CHARACTERS} visible characters of ASCII`);
  return version;
}

function refused(what: string): KinesisConnectorError {
  return new KinesisConnectorError("KC_RECORD_POISON", `the version of the record (option version) ${what}`);
}
