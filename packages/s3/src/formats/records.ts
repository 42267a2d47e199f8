import { type KinesisRecord, poisonRecord } from "@kinesis-connectors/core";
import type { ArchivedContent, ArchiveFormat } from "./archive-format.js";
import { base64 } from "./base64.js";
import type { RecordFormat } from "./format.js";
import { piecesOf } from "./pieces.js";

/** The extension of objects of `records()`. */
const RECORDS_EXTENSION = ".records.ndjson";

const LINE_FEED: Buffer = Buffer.from("\n");

/** A line in base64 is a third longer than its record, and names its fields. */
const LINE_BYTES_PER_RECORD_BYTE = 1.5;
const LINE_BYTES = 4096;

/**
 * The records themselves, one JSON document per line: `{ sequenceNumber, subSequenceNumber, partitionKey, arrivalTimeMs, data }` with the producer's bytes in
 * base64, and `explicitHashKey` where it is known. What the transformer made of a record is not looked at: filter and partition decide whether and
 * where it is kept. It is the archive to replay from: records come back with the positions that they had (`s3Archive` of `@kinesis-connectors/replay`),
 * so that a destination that goes by them knows each one again.
 *
 * A record of several outputs is a line for each of them, and comes back as one record.
 */
export function records(): RecordFormat<unknown> & ArchiveFormat {
  return {
    extension: RECORDS_EXTENSION,
    keepsPositions: true,
    contentType: "application/x-ndjson",
    write: (_output, object, record) => {
      if (record === undefined)
        throw poisonRecord("records() writes the record that an output came from, and was given none");
      object.writeText(lineOf(record));
      object.writeNewLine();
    },
    read: async function* (object) {
      const maxBytes = Math.ceil(object.maxRecordBytes * LINE_BYTES_PER_RECORD_BYTE) + LINE_BYTES;
      for await (const lines of piecesOf(object.chunks(), { separator: LINE_FEED, maxBytes }))
        yield lines.map(recordOf);
    },
  };
}

function lineOf(record: KinesisRecord): string {
  const { sequenceNumber, subSequenceNumber, partitionKey, explicitHashKey, arrivalTimeMs } = record;
  const hashKey =
    explicitHashKey === undefined ? "" : `,"explicitHashKey":${JSON.stringify(explicitHashKey)}`;
  return (
    `{"sequenceNumber":${JSON.stringify(sequenceNumber)},"subSequenceNumber":${subSequenceNumber},` +
    `"partitionKey":${JSON.stringify(partitionKey)}${hashKey},"arrivalTimeMs":${arrivalTimeMs},"data":"${dataOf(record)}"}`
  );
}

function dataOf({ data, page, dataStart, dataEnd }: KinesisRecord): string {
  if (page !== undefined) return page.toString("base64", dataStart, dataEnd);
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64");
}

/** One line. Only the known fields are taken, one by one. */
function recordOf(line: Buffer): ArchivedContent {
  const found = fieldsOf(line);
  const sequenceNumber = text(found, "sequenceNumber");
  if (!/^\d+$/.test(sequenceNumber)) throw new SyntaxError("sequenceNumber is no number");
  const explicitHashKey = found["explicitHashKey"];
  return {
    data: base64(text(found, "data")),
    position: { sequenceNumber, subSequenceNumber: number(found, "subSequenceNumber") },
    partitionKey: text(found, "partitionKey"),
    ...(explicitHashKey === undefined ? {} : { explicitHashKey: text(found, "explicitHashKey") }),
    arrivalTimeMs: number(found, "arrivalTimeMs"),
  };
}

function fieldsOf(line: Buffer): Readonly<Record<string, unknown>> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line.toString("utf8"));
  } catch {
    // V8 quotes the line, and with it the record, in its message.
    throw new SyntaxError("a line is not JSON");
  }
  if (typeof parsed !== "object" || parsed === null) throw new SyntaxError("a line is not a JSON object");
  return Object.fromEntries(Object.entries(parsed));
}

function text(fields: Readonly<Record<string, unknown>>, name: string): string {
  const value = fields[name];
  if (typeof value !== "string") throw new SyntaxError(`${name} is missing or not a text`);
  return value;
}

function number(fields: Readonly<Record<string, unknown>>, name: string): number {
  const value = fields[name];
  if (typeof value !== "number" || !Number.isFinite(value) || value < 0)
    throw new SyntaxError(`${name} is missing or not a number`);
  return value;
}
