import { exactNumberOf, isLost } from "../json/exact-number.js";
import { giveNotice } from "../logging/notices.js";
import type { KinesisRecord } from "../record.js";
import { isOutOfRange, losesDigits, mayHoldExact, parseExact } from "./exact-json.js";

/** How the numbers of documents are read. */
export interface NumberReading {
  /** The whole document, as `JSON.parse` reads it. */
  readonly parse: (document: string, record: KinesisRecord) => unknown;
  /** The same for the documents of a record that holds several; `text` is the whole record. */
  readonly parserOf: (text: string, record: KinesisRecord) => (document: string) => unknown;
  /** One number of it. */
  readonly numberOf: (literal: string) => unknown;
}

const parseDoubles = (document: string): unknown => JSON.parse(document) as unknown;

/** Numbers as every JavaScript program has them, and nobody told. */
export const DOUBLES: NumberReading = {
  parse: parseDoubles,
  parserOf: () => parseDoubles,
  numberOf: Number,
};

/** Numbers digit for digit. */
export const EXACT: NumberReading = {
  parse: (document, { page, data, dataStart = 0, dataEnd }) =>
    page === undefined
      ? parseExact(document, data, 0, data.length)
      : parseExact(document, page, dataStart, dataEnd ?? page.length),
  parserOf: (text, { page, data, dataStart = 0, dataEnd }) => {
    const mayHold =
      page === undefined
        ? mayHoldExact(text, data, 0, data.length)
        : mayHoldExact(text, page, dataStart, dataEnd ?? page.length);
    if (!mayHold) return parseDoubles;
    return (document) => {
      const bytes = Buffer.from(document);
      return parseExact(document, bytes, 0, bytes.length);
    };
  },
  numberOf: exactNumberOf,
};

/** So many records are looked at one by one, and of the following ones one in `ONE_IN`: a field that loses digits does so all the time. */
const LOOKED_AT = 10_000;
const ONE_IN = 8;
/** The same of large exponents, which cost more to look for. */
const ONE_IN_FAR = 64;
/** Shorter numbers lose nothing. */
const LONG_LITERAL = 16;

/** Doubles, and a notice for the first number that was rounded. */
export function watchedDoubles(): NumberReading {
  let isTold = false;
  let seen = 0;
  const tell = (): void => {
    isTold = true;
    giveNotice({
      code: "KC_DIGITS_LOST",
      message:
        "records hold numbers that a JavaScript number does not hold (integers past 2^53, long decimals, 1e400), and json() rounded them; " +
        'json({ numbers: "exact" }) keeps them, and json().original() passes the bytes on',
    });
  };
  const look = (text: string, record: KinesisRecord): void => {
    seen += 1;
    const exponents = seen <= LOOKED_AT || seen % ONE_IN_FAR === 0;
    if ((exponents || seen % ONE_IN === 0) && isRounded(text, record, exponents)) tell();
  };
  return {
    parse: (document, record) => {
      if (!isTold) look(document, record);
      return JSON.parse(document) as unknown;
    },
    parserOf: (text, record) => {
      if (!isTold) look(text, record);
      return parseDoubles;
    },
    numberOf: (literal) => {
      if (!isTold && (literal.length >= LONG_LITERAL || isOutOfRange(literal)) && isLost(literal)) tell();
      return Number(literal);
    },
  };
}

function isRounded(document: string, record: KinesisRecord, exponents: boolean): boolean {
  const { page, dataStart = 0 } = record;
  if (page === undefined)
    return losesDigits(document, record.data, { start: 0, end: record.data.length, exponents });
  return losesDigits(document, page, { start: dataStart, end: record.dataEnd ?? page.length, exponents });
}
