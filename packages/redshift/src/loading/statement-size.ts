import { KinesisConnectorError } from "@kinesis-connectors/core";
import { MAX_BATCH_STATEMENTS, MAX_SQL_BYTES } from "../limits.js";
import { checkSql, loadSql, type LoadTarget, probeSql } from "../sql/load-sql.js";

/** The longest URL that a manifest may have: a bucket's name has 63 bytes at most, and a key 1,024. */
const LONGEST_URL = `s3://${"b".repeat(63)}/${"k".repeat(1_024)}`;

/**
 * Measures the statements that loads into a table will be made of, with as many entries of the ledger as a load may have: a table that is too wide is
 * found before the first load, and not by it.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the columns
 */
export function requireFittingStatements(target: LoadTarget, maxEntries: number): void {
  const entry = {
    loadId: "0".repeat(32),
    contentSha256: "0".repeat(64),
    recordCount: Number.MAX_SAFE_INTEGER,
  };
  const entries = Array.from({ length: maxEntries }, () => entry);
  const load = loadSql(target, { manifestUrl: LONGEST_URL, entries, loader: "0".repeat(32) });
  const batches = [load, probeSql(target, LONGEST_URL), checkSql(target)];
  const bytes = Math.max(...batches.map(bytesOf));
  const columns = target.columns?.length ?? 0;
  if (bytes > MAX_SQL_BYTES) {
    const merged = target.mergeKeys.length > 0;
    throw new KinesisConnectorError(
      "KC_OPTION_INVALID",
      `columns makes a load of ${bytes} bytes of SQL, but a call of the Data API takes ${MAX_SQL_BYTES}: the ${columns} columns are named three times in it; ` +
        `load fewer of them (what is seldom asked for goes into one SUPER column), or give them shorter names${merged ? "" : ", or leave columns out where the format goes by name"}`,
    );
  }
  const statements = Math.max(...batches.map(({ length }) => length));
  if (statements > MAX_BATCH_STATEMENTS)
    throw new KinesisConnectorError(
      "KC_OPTION_INVALID",
      `identityColumns makes a load of ${statements} statements, but a batch of the Data API takes ${MAX_BATCH_STATEMENTS}: each of the ${target.identityColumns.length} columns takes one`,
    );
}

function bytesOf(sqls: readonly string[]): number {
  return sqls.reduce((bytes, sql) => bytes + Buffer.byteLength(sql), 0);
}
