import { createHash } from "node:crypto";
import type { EmitContext } from "@kinesis-connectors/core";
import { refusal, StatementFailure, withoutLiterals } from "../failures.js";
import {
  anyLoadSql,
  checkSql,
  type LedgerEntry,
  ledgerRowsSql,
  type Load,
  loadErrorsSql,
  loadSql,
  type LoadTarget,
  probeSql,
} from "../sql/load-sql.js";
import { type ResultRow, runStatements, type RunContext, type StatementRunner } from "./statements.js";

/** A row of the ledger, as a load finds it at its end. */
export interface LedgerRow {
  readonly loadId: string;
  readonly loader: string;
  readonly contentSha256: string;
}

/** A row that COPY refused. */
export interface LoadError {
  readonly fileUrl: string;
  /** From 1. */
  readonly line: number;
  readonly column: string;
  /** The code and the beginning of the message, up to where it repeats the value. */
  readonly reason: string;
}

/** Loads into one table. */
export interface Loader {
  readonly target: LoadTarget;
  readonly runner: StatementRunner;
}

/** What can come of a load: the ledger's rows of its entries, or the news that something in it cannot be loaded. */
export type LoadOutcome = { readonly ledger: readonly LedgerRow[] } | { readonly failure: StatementFailure };

/** What a probe found: rows that do not load, or a failure of the whole that names none. */
export type ProbeOutcome = { readonly errors: readonly LoadError[] } | { readonly failure: StatementFailure };

/**
 * Loads once, in one transaction.
 * @param token what the submission is known by; whoever submits under the same token gets the same statement
 */
export async function load(
  loader: Loader,
  what: Load,
  token: string,
  context: RunContext,
): Promise<LoadOutcome> {
  try {
    return {
      ledger: ledgerRows(await run(loader, loadSql(loader.target, what), token, context), what.entries),
    };
  } catch (error) {
    return { failure: dataFailure(error) };
  }
}

/** Tries whether all rows of a manifest would load, without touching the target. */
export async function probe(loader: Loader, manifestUrl: string, context: RunContext): Promise<ProbeOutcome> {
  let queryId: number;
  try {
    const [row] = await run(loader, probeSql(loader.target, manifestUrl), undefined, context);
    queryId = Number(row?.[0]);
  } catch (error) {
    return { failure: dataFailure(error) };
  }
  const rows = await run(loader, [loadErrorsSql(queryId)], undefined, context);
  return { errors: rows.map(loadErrorOf) };
}

/** The ledger's rows of these loads. */
export async function readLedger(
  loader: Loader,
  entries: readonly Pick<LedgerEntry, "loadId">[],
  context: RunContext,
): Promise<readonly LedgerRow[]> {
  return ledgerRows(await run(loader, [ledgerRowsSql(loader.target, entries)], undefined, context), entries);
}

/** A phrase for what was loaded into the table before, by the ledger, which does not say of which stream; undefined where nothing was. */
export async function loadsBefore(loader: Loader, context: RunContext): Promise<string | undefined> {
  const { target } = loader;
  const [row] = await run(loader, [anyLoadSql(target)], undefined, context);
  if (row === undefined) return undefined;
  const loads = `loads into ${target.table.text} that the ledger ${target.ledger.text} has, such as ${String(row[0]).trim()}, and it does not say of which stream`;
  return target.mergeKeys.length === 0
    ? loads
    : `${loads}; with mergeKeys older rows take the place of newer ones`;
}

/** Fails unless the tables and columns are there. */
export async function checkTables(loader: Loader, context: RunContext): Promise<void> {
  await run(loader, checkSql(loader.target), undefined, context);
}

/** A token for a submission that is not the first one of its batch. */
export function nextToken(
  { random, attempt }: Pick<EmitContext<unknown>, "random" | "attempt">,
  ...texts: readonly string[]
): string {
  return idOf(random.uuid(), String(attempt), ...texts);
}

/** 32 hex digits that stand for these texts. */
export function idOf(...texts: readonly string[]): string {
  return createHash("sha256").update(texts.join("\n")).digest("hex").slice(0, 32);
}

async function run(
  { runner, target }: Loader,
  sqls: readonly string[],
  token: string | undefined,
  context: RunContext,
): Promise<readonly ResultRow[]> {
  try {
    return await runStatements(runner, sqls, token, context);
  } catch (error) {
    if (error instanceof StatementFailure && error.failure.kind === "refused")
      throw refusal(`to load the table ${target.table.text}`, error.failure.cure, error);
    throw error;
  }
}

/** Passes on what is about the data; throws what is about anything else. */
function dataFailure(error: unknown): StatementFailure {
  if (error instanceof StatementFailure && error.failure.kind === "data") return error;
  throw error;
}

/**
 * The rows of these loads. With another's among them it is not what was asked for, and none of it is believed: the load is repeated, and
 * finds in the ledger what it did.
 */
function ledgerRows(
  rows: readonly ResultRow[],
  entries: readonly Pick<LedgerEntry, "loadId">[],
): readonly LedgerRow[] {
  const asked = new Set(entries.map(({ loadId }) => loadId));
  return rows.map(([loadId, loader, contentSha256]) => {
    const row = {
      loadId: String(loadId).trim(),
      loader: String(loader).trim(),
      contentSha256: String(contentSha256).trim(),
    };
    if (!asked.has(row.loadId))
      throw new Error("the ledger answered with a row that was not asked for: none of it is believed");
    return row;
  });
}

function loadErrorOf([fileUrl, line, column, code, message]: ResultRow): LoadError {
  return {
    fileUrl: String(fileUrl ?? "").trim(),
    line: Number(line),
    column: String(column ?? "").trim(),
    // "Invalid digit, Value 'x', Pos 0": what follows the first quote is the record's.
    reason: `${code ?? "error"}: ${withoutLiterals(String(message ?? "")).replace(/\W*(?:\bvalue)?\W*$/i, "")}`,
  };
}
