import type { Clock } from "../clock.js";
import type { FiredFault } from "../faults.js";
import { pause } from "../http/reply.js";
import { DataApiError, validationError } from "./errors.js";
import { optionalNumber, optionalText, optionalWord, text, type Input } from "./input.js";
import { MAX_LISTED, MAX_RESULT_BYTES, MAX_WAIT_SECONDS } from "./limits.js";
import { columnMetadata, fieldOf, pageEnd, resultBytes } from "./statements/result-fields.js";
import { hasEnded, hasResultSet, type Statement, type SubStatement } from "./statements/statement.js";
import type { Statements } from "./statements/statements.js";

/** What an operation works with. */
export interface OperationContext {
  readonly statements: Statements;
  readonly clock: Clock;
  readonly faults: readonly FiredFault[];
  /** Rows and bytes of one page of a result. */
  readonly pageRows: number;
  readonly pageBytes: number;
}

/** One operation of the API. */
export interface Operation {
  readonly changes: boolean;
  readonly run: (input: Input, context: OperationContext) => Promise<Input>;
}

const submit =
  (isBatch: boolean): Operation["run"] =>
  async (input, { statements, clock, faults }) => {
    const statement = statements.submit(input, isBatch, faults);
    await waitFor(statement, input, clock);
    return {
      ...target(statement),
      CreatedAt: statement.createdAtMs / 1000,
      ...(optionalNumber(input, "WaitTimeSeconds", 0, MAX_WAIT_SECONDS) === undefined
        ? {}
        : { Status: statement.status, HasResultSet: hasResultSet(statement.subs) }),
    };
  };

async function waitFor(statement: Statement, input: Input, clock: Clock): Promise<void> {
  const seconds = optionalNumber(input, "WaitTimeSeconds", 0, MAX_WAIT_SECONDS) ?? 0;
  if (seconds > 0 && !hasEnded(statement)) await Promise.race([statement.done, pause(clock, seconds * 1000)]);
}

function target(statement: Statement): Input {
  const { clusterIdentifier, workgroupName, dbUser, secretArn, sessionId } = statement;
  return {
    Id: statement.id,
    Database: statement.database,
    ...(clusterIdentifier === undefined ? {} : { ClusterIdentifier: clusterIdentifier }),
    ...(workgroupName === undefined ? {} : { WorkgroupName: workgroupName }),
    ...(dbUser === undefined ? {} : { DbUser: dbUser }),
    ...(secretArn === undefined ? {} : { SecretArn: secretArn }),
    ...(sessionId === undefined ? {} : { SessionId: sessionId }),
  };
}

/** Nanoseconds between start and last change; -1 before the start. */
function duration({ startedAtMs, updatedAtMs }: Pick<SubStatement, "startedAtMs" | "updatedAtMs">): number {
  return startedAtMs === undefined ? -1 : (updatedAtMs - startedAtMs) * 1_000_000;
}

function describeSub(sub: SubStatement, createdAtMs: number): Input {
  const { result } = sub;
  const hasRows = result !== undefined && result.columns.length > 0;
  return {
    Id: sub.id,
    QueryString: sub.sql,
    Status: sub.status,
    CreatedAt: createdAtMs / 1000,
    UpdatedAt: sub.updatedAtMs / 1000,
    Duration: duration(sub),
    HasResultSet: hasRows,
    RedshiftQueryId: sub.startedAtMs === undefined ? -1 : sub.queryId,
    ResultRows: result?.rowCount ?? -1,
    ResultSize: hasRows ? resultBytes(result) : result === undefined ? -1 : 0,
    ...(sub.error === undefined ? {} : { Error: sub.error }),
  };
}

async function describe(input: Input, { statements, clock }: OperationContext): Promise<Input> {
  const { statement, sub } = statements.find(text(input, "Id"));
  await waitFor(statement, input, clock);
  if (statement.isBatch && sub !== undefined)
    return { ...target(statement), RedshiftPid: 1, ...describeSub(sub, statement.createdAtMs) };
  const [first] = statement.subs;
  const common = {
    ...(first === undefined || statement.isBatch ? {} : describeSub(first, statement.createdAtMs)),
    ...target(statement),
    Status: statement.status,
    CreatedAt: statement.createdAtMs / 1000,
    UpdatedAt: statement.updatedAtMs / 1000,
    Duration: duration(statement),
    RedshiftPid: 1,
    ResultFormat: "JSON",
    HasResultSet: hasResultSet(statement.subs),
    ...(statement.error === undefined ? {} : { Error: statement.error }),
    ...(statement.parameters.length === 0 ? {} : { QueryParameters: statement.parameters }),
  };
  if (!statement.isBatch) return common;
  return {
    ...common,
    RedshiftQueryId: -1,
    ResultRows: -1,
    ResultSize: -1,
    ExecutionMode: statement.executionMode,
    SubStatements: statement.subs.map((each) => describeSub(each, statement.createdAtMs)),
  };
}

async function getResult(
  input: Input,
  { statements, clock, pageRows, pageBytes }: OperationContext,
): Promise<Input> {
  const { statement, sub } = statements.find(text(input, "Id"));
  await waitFor(statement, input, clock);
  const result = sub?.status === "FINISHED" ? sub.result : undefined;
  if (result === undefined || result.columns.length === 0 || statement.status !== "FINISHED")
    throw new DataApiError(
      "ResourceNotFoundException",
      "Query does not have result. Please check query status with DescribeStatement.",
    );
  if (resultBytes(result) > MAX_RESULT_BYTES) throw validationError("The result is larger than 500 MB");
  const token = optionalText(input, "NextToken");
  const start = token === undefined ? 0 : Number(/^row-(\d{1,9})$/.exec(token)?.[1] ?? Number.NaN);
  if (!(start <= result.rows.length)) throw validationError("NextToken is invalid");
  const end = pageEnd(result, start, pageRows, pageBytes);
  return {
    Records: result.rows
      .slice(start, end)
      .map((row) => row.map((value, index) => fieldOf(value, result.columns[index]?.typeId ?? 0))),
    ColumnMetadata: columnMetadata(result),
    TotalNumRows: result.rows.length,
    ...(end < result.rows.length ? { NextToken: `row-${end}` } : {}),
  };
}

async function cancel(input: Input, { statements }: OperationContext): Promise<Input> {
  const id = text(input, "Id");
  const { statement } = statements.find(id);
  if (id !== statement.id) throw validationError("A statement of a batch cannot be cancelled alone");
  if (hasEnded(statement))
    throw validationError(
      `Could not cancel a query that is already in ${statement.status} state with ID: ${id}`,
    );
  statement.abort.abort();
  return { Status: true };
}

const statuses = ["SUBMITTED", "PICKED", "STARTED", "FINISHED", "ABORTED", "FAILED", "ALL"] as const;

/** Finished ones unless asked otherwise; names by their beginning: API reference, ListStatements. */
async function list(input: Input, { statements }: OperationContext): Promise<Input> {
  const status = optionalWord(input, "Status", statuses) ?? "FINISHED";
  const name = optionalText(input, "StatementName") ?? "";
  const filters = {
    database: "Database",
    clusterIdentifier: "ClusterIdentifier",
    workgroupName: "WorkgroupName",
  } as const;
  const max = optionalNumber(input, "MaxResults", 0, MAX_LISTED) ?? MAX_LISTED;
  const token = optionalText(input, "NextToken");
  const found = statements.list().filter(
    (statement) =>
      (status === "ALL" || statement.status === status) &&
      (statement.name ?? "").startsWith(name) &&
      Object.entries(filters).every(([key, member]) => {
        const wanted = optionalText(input, member);
        return wanted === undefined || statement[key as keyof typeof filters] === wanted;
      }),
  );
  // The token is the last one seen: statements that came since do not move the pages.
  const start = token === undefined ? 0 : found.findIndex((statement) => statement.id === token) + 1;
  if (token !== undefined && start === 0) throw validationError("NextToken is invalid");
  const page = found.slice(start, start + (max === 0 ? MAX_LISTED : max));
  return {
    Statements: page.map((statement) => ({
      Id: statement.id,
      Status: statement.status,
      CreatedAt: statement.createdAtMs / 1000,
      UpdatedAt: statement.updatedAtMs / 1000,
      IsBatchStatement: statement.isBatch,
      ResultFormat: "JSON",
      ...(statement.isBatch
        ? { QueryStrings: statement.subs.map((sub) => sub.sql) }
        : { QueryString: statement.subs[0]?.sql ?? "" }),
      ...(statement.name === undefined ? {} : { StatementName: statement.name }),
      ...(statement.secretArn === undefined ? {} : { SecretArn: statement.secretArn }),
      ...(statement.sessionId === undefined ? {} : { SessionId: statement.sessionId }),
      ...(statement.parameters.length === 0 ? {} : { QueryParameters: statement.parameters }),
    })),
    ...(start + page.length < found.length && page.length > 0 ? { NextToken: page.at(-1)?.id } : {}),
  };
}

/** The operations that are emulated, by their names. */
export const operations: Readonly<Record<string, Operation>> = {
  ExecuteStatement: { changes: true, run: submit(false) },
  BatchExecuteStatement: { changes: true, run: submit(true) },
  DescribeStatement: { changes: false, run: describe },
  GetStatementResult: { changes: false, run: getResult },
  CancelStatement: { changes: true, run: cancel },
  ListStatements: { changes: false, run: list },
};
