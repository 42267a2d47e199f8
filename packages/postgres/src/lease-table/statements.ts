import type { FieldChange, FieldWrites, LeaseField, LeaseFields } from "@kinesis-connectors/leases";

/** A statement, with the values of its parameters. */
export interface Statement {
  readonly sql: string;
  readonly values: readonly (string | null)[];
}

/** Fields that have columns of their own, since conditions look at them; with the types of their parameters. */
const COLUMNS: ReadonlyMap<string, { readonly column: string; readonly type: string }> = new Map<
  LeaseField,
  { readonly column: string; readonly type: string }
>([
  ["owner", { column: "owner", type: "text" }],
  ["counter", { column: "counter", type: "bigint" }],
  ["checkpointOwner", { column: "checkpoint_owner", type: "text" }],
]);

/** Makes the table. The row is JSON of texts: what is new in later versions needs no new column. */
export function createTable(table: string): string {
  return `CREATE TABLE ${table} (lease_key text PRIMARY KEY, counter bigint NOT NULL, owner text, checkpoint_owner text, lease jsonb NOT NULL)`;
}

/** Reads rows: all, or one. */
export function selectRows(table: string): string {
  return `SELECT lease_key, counter, owner, checkpoint_owner, lease FROM ${table}`;
}

/**
 * Reads, adds, changes and removes no row: a right or a column that is missing stops the start, and not the first write of a worker that has leases already.
 */
export function changeNothing(table: string): string {
  const columns = "lease_key, counter, owner, checkpoint_owner, lease";
  return (
    `WITH added AS (INSERT INTO ${table} (${columns}) ${selectRows(table)} WHERE false), ` +
    `changed AS (UPDATE ${table} SET counter = counter WHERE false), ` +
    `removed AS (DELETE FROM ${table} WHERE false) ${selectRows(table)} WHERE false`
  );
}

/** Creates a row, unless there is one of the key; answers with a row where it did. */
export function insertRow(table: string, leaseKey: string, fields: LeaseFields): Statement {
  const rest = Object.entries(fields).filter(([name]) => !COLUMNS.has(name));
  return {
    sql:
      `INSERT INTO ${table} (lease_key, counter, owner, checkpoint_owner, lease) ` +
      "VALUES ($1, $2::bigint, $3, $4, $5::jsonb) ON CONFLICT (lease_key) DO NOTHING RETURNING lease_key",
    values: [
      leaseKey,
      fields.counter ?? "0",
      fields.owner ?? null,
      fields.checkpointOwner ?? null,
      JSON.stringify(Object.fromEntries(rest)),
    ],
  };
}

/** Changes a row where it is as expected; answers with a row where it did. Each text is written whole, and nothing is mixed with what was there. */
export function updateRow(
  table: string,
  leaseKey: string,
  { expected, write }: { readonly expected: FieldChange["expected"]; readonly write: FieldWrites },
): Statement {
  const values: (string | null)[] = [leaseKey];
  const parameter = (value: string | undefined, type: string): string =>
    `$${values.push(value ?? null)}::${type}`;
  const sets: string[] = [];
  const texts: [string, string][] = [];
  const gone: string[] = [];
  for (const [name, text] of Object.entries(write)) {
    const own = COLUMNS.get(name);
    if (own !== undefined) sets.push(`${own.column} = ${parameter(text, own.type)}`);
    else if (text === undefined) gone.push(name);
    else texts.push([name, text]);
  }
  const set =
    texts.length === 0
      ? "lease"
      : `(lease || ${parameter(JSON.stringify(Object.fromEntries(texts)), "jsonb")})`;
  // Names are ours alone: no quotes, no commas.
  sets.push(`lease = ${gone.length === 0 ? set : `${set} - ${parameter(`{${gone.join(",")}}`, "text[]")}`}`);
  const conditions = Object.entries(expected).flatMap(([name, text]) => {
    const own = COLUMNS.get(name);
    return own === undefined ? [] : [`${own.column} IS NOT DISTINCT FROM ${parameter(text, own.type)}`];
  });
  return {
    sql: `UPDATE ${table} SET ${sets.join(", ")} WHERE ${["lease_key = $1", ...conditions].join(" AND ")} RETURNING lease_key`,
    values,
  };
}
