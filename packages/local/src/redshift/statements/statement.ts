import type { QueryResult } from "../databases/database.js";
import type { SqlParameter } from "../sql/parameters.js";
import type { SqlToken } from "../sql/sql-tokens.js";

/** States of a statement: API reference, DescribeStatement. */
export type StatementStatus = "SUBMITTED" | "PICKED" | "STARTED" | "FINISHED" | "FAILED" | "ABORTED";

/** One SQL statement of a call. */
export interface SubStatement {
  /** The call's id for a lone statement, `<id>:<n>` from 1 in a batch. */
  readonly id: string;
  readonly sql: string;
  readonly tokens: readonly SqlToken[];
  /** Its number in the database; the load-error views name it. */
  readonly queryId: number;
  status: StatementStatus;
  error: string | undefined;
  result: QueryResult | undefined;
  startedAtMs: number | undefined;
  updatedAtMs: number;
}

/** What one ExecuteStatement or BatchExecuteStatement asked for, and how far it is. */
export interface Statement {
  readonly id: string;
  readonly isBatch: boolean;
  readonly executionMode: "TRANSACTION" | "AUTO_COMMIT";
  readonly name: string | undefined;
  readonly database: string;
  readonly clusterIdentifier: string | undefined;
  readonly workgroupName: string | undefined;
  readonly dbUser: string | undefined;
  readonly secretArn: string | undefined;
  readonly parameters: readonly SqlParameter[];
  readonly sessionId: string | undefined;
  readonly createdAtMs: number;
  readonly subs: readonly SubStatement[];
  status: StatementStatus;
  error: string | undefined;
  startedAtMs: number | undefined;
  updatedAtMs: number;
  /** Fires when the statement is cancelled. */
  readonly abort: AbortController;
  /** Settles when the statement has ended, however. */
  done: Promise<void>;
}

/** Whether it has ended. */
export function hasEnded({ status }: { readonly status: StatementStatus }): boolean {
  return status === "FINISHED" || status === "FAILED" || status === "ABORTED";
}

/** Whether a statement of the call gives rows, none included. */
export function hasResultSet(subs: readonly SubStatement[]): boolean {
  return subs.some((sub) => (sub.result?.columns.length ?? 0) > 0);
}

/** A cancelled statement ends by this. */
export class StatementAborted extends Error {
  override readonly name = "StatementAborted";
}
