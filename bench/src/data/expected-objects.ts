import { gunzipSync } from "node:zlib";
import { Zstd } from "@hpcc-js/wasm-zstd";
import { parquetReadObjects } from "hyparquet";
import type { DataSet } from "./data-sets.js";
import { parsed } from "./expected.js";

/** What must be in an object of CSV: the words of the sets need no quotes. Plain code, as in `expected.ts`. */
export function csv({ userRecords }: DataSet): Buffer {
  return Buffer.from(
    userRecords
      .map((record) => {
        const { id, status, customer, total, note } = parsed(record);
        return `${id},${status},${customer},${total},${note}\n`;
      })
      .join(""),
  );
}

/** The bytes of a gzip object. */
export function gunzipped(object: Buffer): Buffer {
  return gunzipSync(object);
}

/** The bytes of a zstd object. */
export async function unzstd(object: Buffer): Promise<Buffer> {
  const zstd = await Zstd.load();
  return Buffer.from(zstd.decompress(object));
}

/** The rows of a Parquet object as lines of JSON. */
export async function linesOfParquet(object: Buffer): Promise<Buffer> {
  const file = object.buffer.slice(object.byteOffset, object.byteOffset + object.length);
  const zstd = await Zstd.load();
  const rows = await parquetReadObjects({
    file: file as ArrayBuffer,
    compressors: { ZSTD: (bytes) => zstd.decompress(bytes) },
  });
  return Buffer.from(
    rows
      .map(
        (row) =>
          `${JSON.stringify(row, (_name, value: unknown) => (typeof value === "bigint" ? Number(value) : value))}\n`,
      )
      .join(""),
  );
}
