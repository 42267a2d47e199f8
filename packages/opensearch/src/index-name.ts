import { type KinesisRecord, invalidOption } from "@kinesis-connectors/core";
import { MAX_INDEX_NAME_BYTES } from "./limits.js";

/** What a date between braces may be made of; all of it in UTC. */
const DATE_PARTS: Readonly<Record<string, (iso: string) => string>> = {
  yyyy: (iso) => iso.slice(0, 4),
  MM: (iso) => iso.slice(5, 7),
  dd: (iso) => iso.slice(8, 10),
  HH: (iso) => iso.slice(11, 13),
};

/** The index of one record. */
export type IndexNamer = (record: Pick<KinesisRecord, "arrivalTimeMs">) => string;

/**
 * Reads an index name with dates in it, such as `clicks-{yyyy.MM.dd}`: years, months, days and hours of the record's arrival in UTC,
 * with `.`, `-` or `_` between them. A record keeps its index whoever writes it, and however often.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`
 */
export function indexNamerOf(pattern: string): IndexNamer {
  if (typeof pattern !== "string")
    throw invalidOption("index must be a name, or a function of document and record");
  // Odd parts stand between braces.
  const parts = pattern.split(/\{([^{}]*)\}/u);
  const writers = parts.map((part, place) => (place % 2 === 0 ? () => part : dateWriterOf(part)));
  const namer: IndexNamer = ({ arrivalTimeMs }) => {
    const iso = new Date(arrivalTimeMs).toISOString();
    return writers.map((write) => write(iso)).join("");
  };
  const problem = /[{}]/u.test(pattern.replaceAll(/\{[^{}]*\}/gu, ""))
    ? "has a brace without its counterpart"
    : indexNameProblem(namer({ arrivalTimeMs: 0 }));
  if (problem !== undefined) throw invalidOption(`index ${problem}`);
  return namer;
}

function dateWriterOf(format: string): (iso: string) => string {
  const tokens = format.split(/([._-])/u);
  const writers = tokens.map((token, place) => (place % 2 === 1 ? () => token : DATE_PARTS[token]));
  if (writers.some((writer) => writer === undefined)) {
    throw invalidOption("index takes yyyy, MM, dd and HH between braces, with . - or _ between them");
  }
  return (iso) => writers.map((writer) => writer?.(iso) ?? "").join("");
}

/**
 * What is wrong with an index name; undefined for a good one (OpenSearch "Create index", naming restrictions). The sentence never
 * holds the name: it may come out of a record.
 */
export function indexNameProblem(name: unknown): string | undefined {
  if (typeof name !== "string" || name === "") return "must be a text that is not empty";
  if (Buffer.byteLength(name) > MAX_INDEX_NAME_BYTES) return `is longer than ${MAX_INDEX_NAME_BYTES} bytes`;
  if (name === "." || name === "..") return "must not be . or ..";
  if (/^[-_+]/u.test(name)) return "must not start with - _ or +";
  if (name !== name.toLowerCase()) return "must be in lower case";
  for (const character of name) {
    if (character <= " " || character === "\u007F" || `:"*+/\\|?#><,`.includes(character))
      return String.raw`must not hold blanks, control characters or any of : " * + / \ | ? # > < ,`;
  }
  return undefined;
}
