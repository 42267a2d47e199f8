import type { FieldChange, FieldWrites, LeaseField, LeaseFields } from "@kinesis-connectors/leases";
import type { Value } from "./connections.js";

/** A statement, with the values of its question marks. */
export interface Statement {
  readonly sql: string;
  readonly values: readonly Value[];
}

/** Fields that have columns of their own, since conditions look at them. Bytes: texts of MySQL are compared without case, or without blanks at their end. */
const COLUMNS: ReadonlyMap<LeaseField, string> = new Map([
  ["owner", "owner"],
  ["counter", "counter"],
  ["checkpointOwner", "checkpoint_owner"],
]);

/** A name as MySQL reads it, whatever it holds. */
export function quoted(name: string): string {
  return `\`${name.replaceAll("`", "``")}\``;
}

/** Makes the table. The row is JSON of texts: what is new in later versions needs no new column. */
export function createTable(table: string): string {
  return `CREATE TABLE ${quoted(table)} (
  lease_key VARBINARY(255) NOT NULL PRIMARY KEY,
  counter BIGINT UNSIGNED NOT NULL,
  owner VARBINARY(1024) NULL,
  checkpoint_owner VARBINARY(1024) NULL,
  lease JSON NOT NULL
) ENGINE = InnoDB`;
}

/** Reads rows: all, or one. Counters as texts, which hold any number of digits. */
export function selectRows(table: string): string {
  return `SELECT lease_key, CAST(counter AS CHAR) AS counter, owner, checkpoint_owner, CAST(lease AS CHAR) AS lease FROM ${quoted(table)}`;
}

/** Change no row: a right that is missing stops the start, and not the first write of a worker that has leases already. */
export function changesOfNothing(table: string): readonly string[] {
  const name = quoted(table);
  return [
    `INSERT INTO ${name} (lease_key, counter, owner, checkpoint_owner, lease) SELECT '', 0, NULL, NULL, '{}' FROM DUAL WHERE FALSE`,
    `UPDATE ${name} SET counter = counter WHERE FALSE`,
    `DELETE FROM ${name} WHERE FALSE`,
  ];
}

/** Creates a row; an error where there is one of the key. */
export function insertRow(table: string, leaseKey: string, fields: LeaseFields): Statement {
  const rest = Object.entries(fields).filter(([name]) => !COLUMNS.has(name as LeaseField));
  return {
    sql: `INSERT INTO ${quoted(table)} (lease_key, counter, owner, checkpoint_owner, lease) VALUES (?, ?, ?, ?, ?)`,
    values: [
      Buffer.from(leaseKey),
      fields.counter ?? "0",
      bytes(fields.owner),
      bytes(fields.checkpointOwner),
      JSON.stringify(Object.fromEntries(rest)),
    ],
  };
}

/** Changes a row where it is as expected. Each text is written whole: JSON_MERGE_PATCH would mix the old and the new. */
export function updateRow(
  table: string,
  leaseKey: string,
  { expected, write }: { readonly expected: FieldChange["expected"]; readonly write: FieldWrites },
): Statement {
  const sets: string[] = [];
  const values: Value[] = [];
  const texts: [string, string][] = [];
  const gone: string[] = [];
  for (const [name, text] of Object.entries(write)) {
    const column = COLUMNS.get(name as LeaseField);
    if (column !== undefined) {
      sets.push(`${column} = ?`);
      values.push(valueOf(name, text));
    } else if (text === undefined) gone.push(name);
    else texts.push([name, text]);
  }
  if (texts.length + gone.length > 0) {
    // Names are ours alone.
    const set =
      texts.length === 0 ? "lease" : `JSON_SET(lease, ${texts.map(([name]) => `'$.${name}', ?`).join(", ")})`;
    const whole =
      gone.length === 0 ? set : `JSON_REMOVE(${set}, ${gone.map((name) => `'$.${name}'`).join(", ")})`;
    sets.push(`lease = ${whole}`);
    values.push(...texts.map(([, text]) => text));
  }
  const conditions = ["lease_key = ?"];
  values.push(Buffer.from(leaseKey));
  for (const [name, text] of Object.entries(expected)) {
    conditions.push(`${COLUMNS.get(name as LeaseField)} <=> ?`);
    values.push(valueOf(name, text));
  }
  // Nothing to write: whether the row is there is what is asked.
  if (sets.length === 0) sets.push("counter = counter");
  return { sql: `UPDATE ${quoted(table)} SET ${sets.join(", ")} WHERE ${conditions.join(" AND ")}`, values };
}

function valueOf(name: string, text: string | undefined): Value {
  return name === "counter" ? (text ?? null) : bytes(text);
}

function bytes(text: string | undefined): Buffer | null {
  return text === undefined ? null : Buffer.from(text);
}
