import type { Field, SubStatementData } from "@aws-sdk/client-redshift-data";
import { type Clock, type Logger, sleep } from "@kinesis-connectors/core";
import { limited, RENEW_CURE } from "@kinesis-connectors/aws";
import type { DataApiConnection } from "../connection.js";
import { dataApiSdk } from "../load-sdk.js";
import { callFailureOf, refusal, StatementFailure, summaryOf } from "../failures.js";

/** The database that statements go to, as the Data API names it. */
export interface Database {
  readonly Database: string;
  readonly ClusterIdentifier?: string;
  readonly WorkgroupName?: string;
  readonly DbUser?: string;
  readonly SecretArn?: string;
}

/** Runs batches of statements, each as one transaction. */
export interface StatementRunner {
  readonly connection: DataApiConnection;
  readonly database: Database;
  /** After this many milliseconds a statement is cancelled, and its load is repeated. */
  readonly statementTimeoutMs: number;
}

/** The context of a run, beside its statements. */
export interface RunContext {
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The values of one row; null for NULL. */
export type ResultRow = readonly (string | number | boolean | null)[];

const FIRST_POLL_MS = 50;
const MAX_POLL_MS = 2_000;

/**
 * Submits statements as one transaction and waits for its end; resolves with the rows of its last statement. Whoever submits under the same token gets
 * the same statement (API reference, ClientToken); without a token the submission stands for itself.
 * @throws StatementFailure when the transaction was rolled back; `KC_EMIT_REFUSED` when no repetition mends it
 */
export async function runStatements(
  runner: StatementRunner,
  sqls: readonly string[],
  token: string | undefined,
  context: RunContext,
): Promise<readonly ResultRow[]> {
  const id = await submit(runner, sqls, token, context);
  await finished(runner, id, sqls.length, context);
  return rowsOf(runner, `${id}:${sqls.length}`, context);
}

async function submit(
  runner: StatementRunner,
  sqls: readonly string[],
  token: string | undefined,
  context: RunContext,
): Promise<string> {
  const answer = await call(runner, context, ({ client, sdk, abortSignal }) =>
    client.send(
      new sdk.BatchExecuteStatementCommand({
        ...runner.database,
        Sqls: [...sqls],
        // Without one the client makes up its own.
        ...(token === undefined ? {} : { ClientToken: token }),
        StatementName: "kinesis-connectors",
      }),
      { abortSignal },
    ),
  );
  if (answer.Id === undefined) throw new Error("the Data API took a statement without giving its id");
  context.logger.debug({ statementId: answer.Id, statements: sqls.length }, "the load was submitted");
  return answer.Id;
}

/** Asks for the state of a statement, less and less often, until it has ended. */
async function finished(
  runner: StatementRunner,
  id: string,
  count: number,
  context: RunContext,
): Promise<void> {
  const startedMs = context.clock.monotonicNow();
  for (let pollMs = FIRST_POLL_MS; ; pollMs = Math.min(MAX_POLL_MS, pollMs * 1.5)) {
    await sleep(context.clock, pollMs, context.signal);
    context.signal.throwIfAborted();
    const {
      Status: status,
      Error: text,
      SubStatements: parts = [],
    } = await call(runner, context, ({ client, sdk, abortSignal }) =>
      client.send(new sdk.DescribeStatementCommand({ Id: id }), { abortSignal }),
    );
    if (status === "FINISHED") {
      requireAllFinished(parts, count);
      return;
    }
    if (status === "FAILED" || status === "ABORTED") throw new StatementFailure(status, id, text ?? "");
    if (context.clock.monotonicNow() - startedMs > runner.statementTimeoutMs) {
      await cancel(runner, id, context);
      const error = new Error(
        `the statement ${id} did not end within ${runner.statementTimeoutMs} ms (option statementTimeoutMs) and was cancelled`,
      );
      error.name = "TimeoutError";
      throw error;
    }
  }
}

/** One transaction has ended well only if all of its statements have. Whoever leaves them out is believed. */
function requireAllFinished(parts: readonly SubStatementData[], count: number): void {
  if (parts.length === 0) return;
  const done = parts.filter(({ Status: status }) => status === "FINISHED").length;
  if (done !== count || parts.length !== count)
    throw new Error(
      `the Data API says that a transaction of ${count} statements has ended, and names ${done} of ${parts.length} that have: none of it is believed`,
    );
}

/** Cancelling is a courtesy to the cluster: a statement that goes on and succeeds is found in the ledger by whoever repeats it. */
async function cancel(runner: StatementRunner, id: string, context: RunContext): Promise<void> {
  try {
    await call(runner, context, ({ client, sdk, abortSignal }) =>
      client.send(new sdk.CancelStatementCommand({ Id: id }), { abortSignal }),
    );
  } catch (error) {
    context.signal.throwIfAborted();
    context.logger.warn(
      { statementId: id, error: summaryOf(error).name },
      "a statement that took too long could not be cancelled",
    );
  }
}

async function rowsOf(
  runner: StatementRunner,
  id: string,
  context: RunContext,
): Promise<readonly ResultRow[]> {
  const rows: ResultRow[] = [];
  let next: string | undefined;
  do {
    const token = next;
    const page = await call(runner, context, ({ client, sdk, abortSignal }) =>
      client.send(
        new sdk.GetStatementResultCommand({ Id: id, ...(token === undefined ? {} : { NextToken: token }) }),
        { abortSignal },
      ),
    );
    for (const record of page.Records ?? []) rows.push(record.map(valueOf));
    next = page.NextToken === "" ? undefined : page.NextToken;
  } while (next !== undefined);
  return rows;
}

function valueOf(field: Field): ResultRow[number] {
  return field.stringValue ?? field.longValue ?? field.doubleValue ?? field.booleanValue ?? null;
}

/** What a call is made with. */
interface Call {
  readonly client: DataApiConnection["client"];
  readonly sdk: Awaited<ReturnType<typeof dataApiSdk>>;
  readonly abortSignal: AbortSignal;
}

/** One call within its time limit; expired credentials are renewed once. */
async function call<Answer>(
  { connection, database }: StatementRunner,
  context: RunContext,
  send: (call: Call) => Promise<Answer>,
): Promise<Answer> {
  for (let renewed = false; ; renewed = true) {
    try {
      return await limited(connection, context, async (abortSignal) =>
        send({ client: connection.client, sdk: await dataApiSdk(), abortSignal }),
      );
    } catch (error) {
      context.signal.throwIfAborted();
      const failure = callFailureOf(error);
      const where = `a call about the database "${database.Database}"`;
      if (failure.kind === "refused") throw refusal(where, failure.cure, error);
      if (failure.kind !== "expired") throw summaryOf(error);
      // Others would have come by now if there were any; where they are fetched, that is an outage of whoever has them.
      if (renewed && connection.renewsCredentials) throw summaryOf(error);
      if (renewed) throw refusal(where, RENEW_CURE, error);
      await renewCredentials(connection);
    }
  }
}

async function renewCredentials(connection: DataApiConnection): Promise<void> {
  try {
    await connection.refreshCredentials();
  } catch (error) {
    throw summaryOf(error);
  }
}
