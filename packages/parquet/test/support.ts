import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance, type Json } from "@duckdb/node-api";
import type { ObjectFormat, RefusedOutput } from "@kinesis-connectors/s3";

export const NO_STOP: { readonly signal: AbortSignal } = { signal: new AbortController().signal };

/** The bytes of an object in which every row fits. */
export async function bytesOf<Row>(format: ObjectFormat<Row>, rows: readonly Row[]): Promise<Uint8Array> {
  const { bytes, refused } = await format.encodeObject(rows, NO_STOP);
  if (bytes === undefined)
    throw new Error(`refused: ${refused.map(({ index, error }) => `${index} ${error.message}`).join("; ")}`);
  return bytes;
}

/** The rows that do not fit. */
export async function refusedOf<Row>(
  format: ObjectFormat<Row>,
  rows: readonly Row[],
): Promise<readonly RefusedOutput[]> {
  return (await format.encodeObject(rows, NO_STOP)).refused ?? [];
}

/** What DuckDB says of Parquet files: an implementation that shares no line with the writer. */
export class Duck implements AsyncDisposable {
  readonly #folder: string;
  readonly #instance: DuckDBInstance;
  #files = 0;

  private constructor(folder: string, instance: DuckDBInstance) {
    this.#folder = folder;
    this.#instance = instance;
  }

  static async start(): Promise<Duck> {
    return new Duck(await mkdtemp(join(tmpdir(), "parquet-")), await DuckDBInstance.create(":memory:"));
  }

  /** Lays the bytes down as a file and returns its path. */
  async keep(bytes: Uint8Array): Promise<string> {
    this.#files += 1;
    const path = join(this.#folder, `${this.#files}.parquet`);
    await writeFile(path, bytes);
    return path;
  }

  async rows(sql: string): Promise<Record<string, Json>[]> {
    const connection = await this.#instance.connect();
    try {
      return (await connection.runAndReadAll(sql)).getRowObjectsJson();
    } finally {
      connection.closeSync();
    }
  }

  /** The rows of one object, in its order. */
  async read(bytes: Uint8Array, columns = "*"): Promise<Record<string, Json>[]> {
    return this.rows(`SELECT ${columns} FROM read_parquet('${await this.keep(bytes)}')`);
  }

  /** Column names and types as DuckDB sees them. */
  async types(bytes: Uint8Array): Promise<Record<string, Json>> {
    const columns = await this.rows(`DESCRIBE SELECT * FROM read_parquet('${await this.keep(bytes)}')`);
    return Object.fromEntries(
      columns.map(({ column_name: name, column_type: type = null }) => [
        typeof name === "string" ? name : "",
        type,
      ]),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#instance.closeSync();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
