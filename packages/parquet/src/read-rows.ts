import zlib from "node:zlib";
import { stringifyJson } from "@kinesis-connectors/core";
import type { ArchivedContent, ObjectContent } from "@kinesis-connectors/s3";
import type { AsyncBuffer, Compressors, FileMetaData } from "hyparquet";
import { zstdDecompressor } from "./compress.js";

/** Rows that are handed over at a time: a row group may have a million of them. */
const ROWS_AT_A_TIME = 1000;

/**
 * The rows of an object, some at a time, whatever columns it has. One row group is in memory, and not the whole object. Decimals come as the numbers that
 * are nearest to them.
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
  const metadata = await parquetMetadataAsync(file);
  const compressors = await compressorsOf(metadata);
  let rowStart = 0;
  for (const { num_rows: count } of metadata.row_groups) {
    const rowEnd = rowStart + Number(count);
    const rows = await parquetReadObjects({ file, metadata, rowStart, rowEnd, compressors });
    for (let start = 0; start < rows.length; start += ROWS_AT_A_TIME)
      yield rows
        .slice(start, start + ROWS_AT_A_TIME)
        .map((row) => ({ row, data: Buffer.from(stringifyJson(row) ?? "null") }));
    rowStart = rowEnd;
  }
}

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
