import { poisonRecord } from "../errors.js";
import { dataBytesOf, type KinesisRecord } from "../record.js";
import type { NumberReading } from "./number-reading.js";
import { readText } from "./record-text.js";
import { textEnd } from "./text-end.js";

/** White space of RFC 8259 section 2, and nothing else. */
const BLANKS = /[ \t\n\r]*/y;
/** What matters inside an object or an array: where a text begins, and how deep it goes. */
const STRUCTURE = /["[\]{}]/g;
/** A number, true, false or null, and whatever else stands where one of them might. */
const SCALAR = /[^ \t\n\r"[\]{}]+/y;

/**
 * The documents of a record, parsed, in order.
 * @throws KinesisConnectorError `KC_RECORD_POISON` for a damaged one, and when there is none
 */
export function documentsIn(record: KinesisRecord, reading: NumberReading): readonly unknown[] {
  const text = readText(record);
  const parse = reading.parserOf(text, record);
  const documents = lines(text, parse) ?? backToBack(record, text, parse);
  if (documents.length === 0)
    throw poisonRecord(`the record's ${dataBytesOf(record)} bytes hold no JSON document`);
  return documents;
}

/**
 * One document a line; undefined where a line is none: it may go on in the next one, or hold several. No part of a document is one by itself at its beginning,
 * so lines that are documents are just those.
 */
function lines(text: string, parse: (document: string) => unknown): unknown[] | undefined {
  const documents: unknown[] = [];
  let start = 0;
  try {
    while (start < text.length) {
      const feed = text.indexOf("\n", start);
      const end = feed < 0 ? text.length : feed;
      BLANKS.lastIndex = start;
      BLANKS.test(text);
      if (BLANKS.lastIndex < end) documents.push(parse(text.slice(start, end)));
      start = end + 1;
    }
  } catch {
    return undefined;
  }
  return documents;
}

/** Documents wherever they end. */
function backToBack(record: KinesisRecord, text: string, parse: (document: string) => unknown): unknown[] {
  const documents: unknown[] = [];
  let at = afterBlanks(text, 0);
  while (at < text.length) {
    const end = documentEnd(text, at);
    try {
      documents.push(parse(text.slice(at, end)));
    } catch {
      // V8 quotes the document in its message, as `json` says.
      throw poisonRecord(
        `document ${documents.length} of the record's ${dataBytesOf(record)} bytes, counted from 0, is not JSON`,
      );
    }
    at = afterBlanks(text, end);
  }
  return documents;
}

function afterBlanks(text: string, from: number): number {
  BLANKS.lastIndex = from;
  BLANKS.test(text);
  return BLANKS.lastIndex;
}

/** The end of the document that begins here, if it is one; the parser says whether. */
function documentEnd(text: string, start: number): number {
  const opening = text[start];
  if (opening === '"') return textEnd(text, start);
  if (opening !== "{" && opening !== "[") {
    SCALAR.lastIndex = start;
    // What closes nothing is damage, and ends with itself.
    return SCALAR.test(text) ? SCALAR.lastIndex : start + 1;
  }
  let depth = 0;
  STRUCTURE.lastIndex = start;
  for (let found = STRUCTURE.exec(text); found !== null; found = STRUCTURE.exec(text)) {
    const [character] = found;
    if (character === '"') {
      STRUCTURE.lastIndex = textEnd(text, found.index);
      continue;
    }
    depth += character === "{" || character === "[" ? 1 : -1;
    if (depth === 0) return STRUCTURE.lastIndex;
  }
  return text.length;
}
