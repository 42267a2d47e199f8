import zlib from "node:zlib";
import { stringifyJson } from "@kinesis-connectors/core";
import type { ArchivedContent, ObjectContent } from "@kinesis-connectors/s3";
import type { AsyncBuffer, Compressors, FileMetaData, ParquetParsers } from "hyparquet";
import { zstdDecompressor } from "./compress.js";
import { exactReading, momentOf } from "./exact-values.js";

/** Rows that are handed over at a time: a row group may have a million of them. */
const ROWS_AT_A_TIME = 1000;

/**
 * The rows of an object, some at a time, whatever columns it has. One row group is in memory, and not the whole object. Decimals come as
 * `json({ numbers: "exact" })` has numbers, bytes as they are (in base64 within JSON), and moments as Dates, or as texts where a Date would cut them short.
 */
export async function* rowsIn(object: ObjectContent): AsyncGenerator<readonly ArchivedContent[], void> {
  // Loaded by those who read.
  const { parquetMetadataAsync, parquetReadObjects } = await import("hyparquet");
  const file: AsyncBuffer = {
    byteLength: object.byteLength,
    slice: async (start, end = object.byteLength) => {
      const from = start < 0 ? object.byteLength + start : start;
      const found = await object.slice(from, end);
      return new Uint8Array(found).buffer;
    },
  };
  const { metadata, rowOf, plainOf } = exactReading(await parquetMetadataAsync(file));
  const compressors = await compressorsOf(metadata);
  let rowStart = 0;
  for (const { num_rows: count } of metadata.row_groups) {
    const rowEnd = rowStart + Number(count);
    const rows = await parquetReadObjects({
      file,
      metadata,
      rowStart,
      rowEnd,
      compressors,
      parsers,
      utf8: false,
    });
    for (let start = 0; start < rows.length; start += ROWS_AT_A_TIME)
      yield rows.slice(start, start + ROWS_AT_A_TIME).map((read) => {
        const row = rowOf(read);
        return { row, data: Buffer.from(stringifyJson(plainOf(row)) ?? "null") };
      });
    rowStart = rowEnd;
  }
}

const parsers: Partial<ParquetParsers> = {
  timestampFromMicroseconds: (micros) => momentOf(micros, 1000n),
  timestampFromNanoseconds: (nanos) => momentOf(nanos, 1_000_000n),
};

/** The compressions of `parquet()`; Snappy is the reader's own. */
async function compressorsOf(metadata: FileMetaData): Promise<Compressors> {
  const isZstd = metadata.row_groups.some(({ columns }) =>
    columns.some(({ meta_data: column }) => column?.codec === "ZSTD"),
  );
  return {
    GZIP: (input) => zlib.gunzipSync(input),
    ...(isZstd ? { ZSTD: await zstdDecompressor() } : {}),
  };
}
