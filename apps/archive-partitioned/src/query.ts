import { DuckDBInstance, type Json } from "@duckdb/node-api";

/** What `--query` asks without a query of its own. */
export const CLICKS_BY_COUNTRY = `SELECT country, count(*) AS clicks, count(DISTINCT "userId") AS users,
  count(DISTINCT hour) AS hours, round(avg("durationMs"))::INT AS mean_ms
FROM clicks GROUP BY country ORDER BY clicks DESC, country`;

/** Asks DuckDB about the Parquet files under a folder, which it knows as the view `clicks`, with the folders' names as columns. */
export async function query(folder: string, sql: string): Promise<Record<string, Json>[]> {
  const instance = await DuckDBInstance.create(":memory:");
  try {
    const connection = await instance.connect();
    const files = `${folder}/**/*.parquet`.replaceAll("'", "''");
    // The country NO would be a boolean, and an hour 08 a number.
    await connection.run(
      `CREATE VIEW clicks AS FROM read_parquet('${files}', hive_partitioning = true, hive_types_autocast = false)`,
    );
    return (await connection.runAndReadAll(sql)).getRowObjectsJson();
  } finally {
    instance.closeSync();
  }
}

/** Rows as a table of text: numbers to the right. */
export function tableOf(rows: readonly Readonly<Record<string, Json>>[]): string {
  const names = Object.keys(rows[0] ?? {});
  const cells = rows.map((row) => names.map((name) => textOf(row[name] ?? null)));
  const widths = names.map((name, nth) =>
    Math.max(name.length, ...cells.map((line) => line[nth]?.length ?? 0)),
  );
  const isNumber = names.map((_, nth) => cells.every((line) => /^-?[\d.]*$/.test(line[nth] ?? "")));
  const laid = (line: readonly string[]): string =>
    line
      .map((cell, nth) =>
        isNumber[nth] === true ? cell.padStart(widths[nth] ?? 0) : cell.padEnd(widths[nth] ?? 0),
      )
      .join("  ")
      .trimEnd();
  return [laid(names), widths.map((width) => "-".repeat(width)).join("  "), ...cells.map(laid)].join("\n");
}

function textOf(value: Json): string {
  if (value === null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
