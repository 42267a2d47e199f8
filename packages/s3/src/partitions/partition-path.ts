import { createHash } from "node:crypto";
import { ExactNumber, poisonRecord } from "@kinesis-connectors/core";

/** A value that names a partition. Numbers must be finite. Write missing values out, as `country ?? ""`, so that the choice is yours. */
export type PartitionValue = string | number | bigint | boolean | ExactNumber;

/** The folders of an object, outermost first: names and values. Every record needs the same names in the same order. */
export type PartitionValues = { readonly [name: string]: PartitionValue };

/** `hive`: `country=AT/hour=07`, which query engines read as columns. `plain`: `AT/07`. */
export type PartitionStyle = "hive" | "plain";

/** An encoded value has no more bytes than this; longer ones end in a digest. */
const MAX_VALUE_BYTES = 128;
/** Room for some of the value before the digest. */
const MIN_VALUE_BYTES = 48;

/** What Hive, Spark, Athena and Glue call the partition of a missing or empty value (Spark, `ExternalCatalogUtils.DEFAULT_PARTITION_NAME`). */
const EMPTY_VALUE = "__HIVE_DEFAULT_PARTITION__";
/** Stands before the digest of a value that was cut. No encoded value holds it, so a cut one is like no other. */
const CUT = "!";
const DIGEST_HEX_DIGITS = 32;

/** Values that stand for themselves in both styles. */
const PLAIN = /^[A-Za-z0-9-][A-Za-z0-9_.-]*$/;
const NAME = /^[A-Za-z][A-Za-z0-9_]{0,63}$/;

/** Makes folders of partition values, always the same names in the same order. */
export class PartitionPaths {
  readonly #style: PartitionStyle;
  readonly #maxBytes: number;
  #names: readonly string[] | undefined;
  #maxValueBytes = 0;

  /** @param maxBytes what is free for the folders in a key */
  constructor(style: PartitionStyle, maxBytes: number) {
    this.#style = style;
    this.#maxBytes = maxBytes;
  }

  /**
   * `name=value/name=value`, or `value/value`. The first call settles the names.
   * @throws KinesisConnectorError `KC_RECORD_POISON` for other names than the first record's, or a value that names no folder
   */
  of(values: PartitionValues): string {
    const names = Object.keys(values);
    const expected = (this.#names ??= this.#settle(names));
    if (names.length !== expected.length || names.some((name, index) => name !== expected[index])) {
      throw poisonRecord(
        `the partition of the record has other names than ${expected.join(", ")}: name the same ones, in the same order, for each record`,
      );
    }
    let path = "";
    for (const name of expected) {
      const encoded = encodeValue(textOf(name, values[name]), this.#style, this.#maxValueBytes);
      path += `${path === "" ? "" : "/"}${this.#style === "hive" ? `${name}=` : ""}${encoded}`;
    }
    return path;
  }

  #settle(names: readonly string[]): readonly string[] {
    const bad = names.find((name) => !NAME.test(name));
    if (names.length === 0 || bad !== undefined) {
      throw poisonRecord(
        "partition must name at least one folder, each by a letter and up to 63 letters, digits and underscores",
      );
    }
    // A slash each, and in Hive's style the name and an equals sign.
    const fixed = names.reduce((sum, name) => sum + 1 + (this.#style === "hive" ? name.length + 1 : 0), 0);
    const free = Math.floor((this.#maxBytes - fixed) / names.length);
    if (free < MIN_VALUE_BYTES) {
      throw poisonRecord(
        `prefix and ${names.length} folders leave ${free} bytes for each value of a key, but ${MIN_VALUE_BYTES} are needed: ` +
          "shorten the prefix, or partition by less",
      );
    }
    this.#maxValueBytes = Math.min(MAX_VALUE_BYTES, free);
    return names;
  }
}

/**
 * One folder name for each value: distinct values stay distinct, and none can add a folder, leave its own, or hide it. Everything but
 * letters, digits, `_`, `.` and `-` is percent-encoded, byte by byte in UTF-8; a value that becomes too long is cut and ends in a digest of the whole.
 */
export function encodeValue(
  value: string,
  style: PartitionStyle,
  maxBytes: number = MAX_VALUE_BYTES,
): string {
  if (value === "") return EMPTY_VALUE;
  let encoded = value;
  if (!PLAIN.test(value)) {
    encoded = percentEncoded(value);
    // Dots at the start would name this folder or the one above, and hide others from query engines, as an underscore does.
    if (style === "plain" || /^\.+$/.test(encoded)) {
      encoded = encoded.replace(/^\.+/, (dots) => "%2E".repeat(dots.length)).replace(/^_/, "%5F");
    }
    if (encoded === EMPTY_VALUE) encoded = encoded.replace("_", "%5F");
  }
  return encoded.length <= maxBytes ? encoded : cut(value, encoded, maxBytes);
}

function cut(value: string, encoded: string, maxBytes: number): string {
  const digest = createHash("sha256").update(utf8(value)).digest("hex").slice(0, DIGEST_HEX_DIGITS);
  // Not in the middle of an encoded byte.
  const start = encoded.slice(0, maxBytes - CUT.length - DIGEST_HEX_DIGITS).replace(/%.?$/, "");
  return `${start}${CUT}${digest}`;
}

function percentEncoded(value: string): string {
  let encoded = "";
  for (const character of value) {
    if (/^[A-Za-z0-9_.-]$/.test(character)) encoded += character;
    else
      for (const byte of utf8(character)) encoded += `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return encoded;
}

/** UTF-8 in which lone surrogates keep their own three bytes: the encoder would make U+FFFD of all of them, and one of many values. */
function utf8(text: string): Buffer {
  if (!/\p{Surrogate}/u.test(text)) return Buffer.from(text);
  const bytes: number[] = [];
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (code >= 0xd800 && code <= 0xdfff)
      bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f));
    else bytes.push(...Buffer.from(character));
  }
  return Buffer.from(bytes);
}

function textOf(name: string, value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "bigint" || typeof value === "boolean" || Number.isFinite(value)) return String(value);
  if (ExactNumber.isInstance(value)) return value.text;
  throw poisonRecord(
    `the partition value ${name} of the record is ${value === null ? "null" : typeof value}; it takes a text, a finite number or a boolean`,
  );
}
