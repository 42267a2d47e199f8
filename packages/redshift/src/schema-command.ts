#!/usr/bin/env node
import { parseArgs } from "node:util";
import { asError } from "@kinesis-connectors/core";
import { type ColumnDefinition, ledgerSchema, tableSchema } from "./schema.js";

const USAGE = `kinesis-connectors-redshift-schema --table NAME --column NAME:TYPE ... [options]
Prints the CREATE TABLE of a target and of its ledger. Types are not guessed: texts need a length, decimals precision and scale.
  --table NAME            table or schema.table
  --column NAME:TYPE      once for each column; NAME:TYPE:not-null for one that must be filled
  --ledger NAME           the ledger (default kc_ledger)
  --distribution-key NAME
  --sort-key NAME         may be given several times
`;

/** Prints the schema; returns the exit code. */
function main(): number {
  try {
    const { values } = parseArgs({
      options: {
        table: { type: "string" },
        column: { type: "string", multiple: true, default: [] },
        ledger: { type: "string", default: "kc_ledger" },
        "distribution-key": { type: "string" },
        "sort-key": { type: "string", multiple: true, default: [] },
        help: { type: "boolean", default: false },
      },
    });
    if (values.help) {
      process.stdout.write(USAGE);
      return 0;
    }
    if (values.table === undefined || values.column.length === 0) {
      process.stderr.write(`--table and at least one --column are needed\n\n${USAGE}`);
      return 2;
    }
    const distributionKey = values["distribution-key"];
    const table = tableSchema({
      table: values.table,
      columns: values.column.map(columnOf),
      ...(distributionKey === undefined ? {} : { distributionKey }),
      sortKeys: values["sort-key"],
    });
    process.stdout.write(`${table}\n${ledgerSchema(values.ledger)}`);
    return 0;
  } catch (error) {
    process.stderr.write(`${asError(error).message}\n\n${USAGE}`);
    return 2;
  }
}

function columnOf(text: string): ColumnDefinition {
  const [name = "", type = "", constraint] = text.split(":");
  if (constraint !== undefined && constraint !== "not-null")
    throw new Error(`--column ${text}: after the type only :not-null may follow`);
  return { name, type, notNull: constraint === "not-null" };
}

process.exitCode = main();
