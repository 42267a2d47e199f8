import type { Clock } from "../../clock.js";
import { findFault, type FiredFault } from "../../faults.js";
import type { Database } from "../databases/database.js";
import { SqlFailure } from "../errors.js";
import { rewrite } from "../sql/rewrite.js";
import { tokenize } from "../sql/sql-tokens.js";
import { StatementAborted } from "./statement.js";

/** Which statement of a call is at its turn, and with which time. */
export interface StatementTurn {
  /** From 1. */
  readonly number: number;
  readonly count: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Applies `statement` faults to one statement of a call: it waits, fails or is aborted, before it runs or after it. */
export async function statementFault(
  faults: readonly FiredFault[],
  phase: "before" | "after",
  { number, count, clock, signal }: StatementTurn,
): Promise<void> {
  const fault = findFault(faults, "statement", phase);
  if (fault === undefined || fault.what === "lock-held") return;
  if ((fault.statementNumber ?? (phase === "before" ? 1 : count)) !== number) return;
  if (fault.what === "slow") await abortablePause(clock, fault.forMs ?? 1000, signal);
  if (fault.what === "failed") {
    const text = fault.message ?? "1023";
    throw text === "1023"
      ? new SqlFailure("injected by a fault rule", { sqlState: "40001" })
      : new SqlFailure(text.replace(/^ERROR: /, ""));
  }
  if (fault.what === "aborted") throw new StatementAborted();
}

/** Somebody else holds a table before the statement begins, and lets go of it after a while. */
export async function holdLock(
  faults: readonly FiredFault[],
  { database, clock }: { readonly database: Database; readonly clock: Clock },
  signal: AbortSignal,
): Promise<void> {
  const fault = findFault(faults, "statement");
  if (fault?.what !== "lock-held") return;
  if (signal.aborted) throw new StatementAborted();
  const holder = await database.open();
  const letGo = (): void => {
    // A holder whose connection is gone holds nothing any more.
    holder.end().catch(() => {});
  };
  try {
    await holder.query("BEGIN");
    if (fault.table !== undefined)
      await holder.query(rewrite(tokenize(`LOCK TABLE ${fault.table} IN ACCESS EXCLUSIVE MODE`)));
  } catch (error) {
    letGo();
    throw error;
  }
  clock.setTimer(fault.forMs ?? 1000, letGo);
}

function abortablePause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(new StatementAborted());
      return;
    }
    const timer = clock.setTimer(delayMs, () => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    });
    const onAbort = (): void => {
      timer.cancel();
      reject(new StatementAborted());
    };
    signal.addEventListener("abort", onAbort, { once: true });
  });
}
