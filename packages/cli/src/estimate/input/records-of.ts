import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { asError } from "@kinesis-connectors/core";
import { CliError } from "../../app/errors.js";
import type { InputFormat } from "./formats.js";

/** A record as a producer put it. */
export interface InputRecord {
  readonly partitionKey: string;
  readonly data: Buffer;
}

/** Records of a file, from its beginning. */
export interface Input {
  readonly records: readonly InputRecord[];
  readonly dataBytes: number;
  /** Whether the file has more than were taken. */
  readonly isCut: boolean;
}

/** More of a file are not needed to know what its records are like. */
const MAX_BYTES: number = 48 * 1024 * 1024;
const MAX_RECORDS = 200_000;

/** Kinesis takes no larger record (GetRecords API reference: 10 MiB). */
const MAX_RECORD_BYTES: number = 10 * 1024 * 1024;

/**
 * The records at the beginning of a file.
 * @throws CliError `KC_USAGE` where it cannot be read, has no records, or is in another format
 */
export async function recordsOf(path: string, format: InputFormat): Promise<Input> {
  const { text, isCut } = await beginningOf(path);
  const records: InputRecord[] = [];
  let dataBytes = 0;
  for (const record of format === "lines" ? lineRecordsOf(text, isCut) : jsonRecordsOf(path, text, isCut)) {
    if (record.data.length > MAX_RECORD_BYTES)
      throw new CliError(
        "KC_USAGE",
        `--input ${path}: record ${records.length + 1} has ${record.data.length} bytes, and a record of Kinesis at most ${MAX_RECORD_BYTES}: give another --format, or other records`,
      );
    records.push(record);
    dataBytes += record.data.length;
    if (records.length >= MAX_RECORDS) break;
  }
  if (records.length === 0)
    throw new CliError(
      "KC_USAGE",
      isCut
        ? `--input ${path}: its first line does not end within ${MAX_BYTES} bytes, and a record of Kinesis has at most ${MAX_RECORD_BYTES}: give another --format, or other records`
        : `--input ${path} holds no record`,
    );
  return { records, dataBytes, isCut: isCut || records.length >= MAX_RECORDS };
}

function* lineRecordsOf(text: Buffer, isCut: boolean): Generator<InputRecord, void> {
  let count = 0;
  for (const data of linesOf(text, isCut)) yield { partitionKey: `key-${(count += 1)}`, data };
}

async function beginningOf(path: string): Promise<{ readonly text: Buffer; readonly isCut: boolean }> {
  const file = createReadStream(path);
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of path.endsWith(".gz") ? gunzipped(file) : file) {
      chunks.push(chunk as Buffer);
      bytes += (chunk as Buffer).length;
      if (bytes >= MAX_BYTES) break;
    }
  } catch (thrown) {
    const error = asError(thrown) as NodeJS.ErrnoException;
    throw new CliError("KC_USAGE", `--input ${path} cannot be read (${error.code ?? error.name})`, {
      cause: thrown,
    });
  } finally {
    file.destroy();
  }
  return { text: Buffer.concat(chunks), isCut: bytes >= MAX_BYTES };
}

/** A file that fails makes the stream fail that is read. */
function gunzipped(file: Readable): Readable {
  const inflated = createGunzip();
  file.on("error", (error) => inflated.destroy(error));
  return file.pipe(inflated);
}

/** Lines that are not empty; the last one of a file that was cut may be half of one. */
function* linesOf(text: Buffer, isCut: boolean): Generator<Buffer, void> {
  let start = 0;
  for (let end = text.indexOf(10); end !== -1; end = text.indexOf(10, start)) {
    const line = text.subarray(start, text[end - 1] === 13 ? end - 1 : end);
    if (line.length > 0) yield line;
    start = end + 1;
  }
  if (start < text.length && !isCut) yield text.subarray(start);
}

/** Records as JSON: the whole answer of `aws kinesis get-records`, a list, or one a line; bytes are in base64. */
function* jsonRecordsOf(path: string, text: Buffer, isCut: boolean): Generator<InputRecord, void> {
  const whole = isCut ? undefined : parsed(text);
  const list = Array.isArray(whole) ? whole : membersOf(whole)["Records"];
  if (Array.isArray(list)) {
    for (const [index, one] of list.entries()) yield recordIn(path, `record ${index + 1}`, one);
    return;
  }
  let line = 0;
  for (const bytes of linesOf(text, isCut)) yield recordIn(path, `line ${(line += 1)}`, parsed(bytes));
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    // V8 quotes the text, and with it the record, in its message.
    return undefined;
  }
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function recordIn(path: string, place: string, value: unknown): InputRecord {
  const members = membersOf(value);
  const data = members["Data"] ?? members["data"];
  const partitionKey = members["PartitionKey"] ?? members["partitionKey"];
  if (typeof data !== "string")
    throw new CliError(
      "KC_USAGE",
      `--input ${path}: ${place} is no JSON of a record with its Data in base64: --format lines takes each line as a record`,
    );
  return {
    data: Buffer.from(data, "base64"),
    partitionKey: typeof partitionKey === "string" ? partitionKey : place,
  };
}
