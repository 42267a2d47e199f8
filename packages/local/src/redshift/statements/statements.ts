import type { Clock, Random } from "../../clock.js";
import type { FiredFault } from "../../faults.js";
import { DataApiError, validationError } from "../errors.js";
import { execute, type ExecutionContext } from "./execution.js";
import {
  optionalNumber,
  optionalText,
  optionalWord,
  sqlParameters,
  text,
  texts,
  type Input,
} from "../input.js";
import {
  CLIENT_TOKEN_AGE_MS,
  MAX_ACTIVE_STATEMENTS,
  MAX_BATCH_STATEMENTS,
  MAX_KEEP_ALIVE_SECONDS,
  MAX_SQL_BYTES,
  STATEMENT_AGE_MS,
} from "../limits.js";
import { checkParameters, isSeveral } from "../sql/parameters.js";
import type { KeptSession, Sessions } from "../databases/sessions.js";
import { significant, tokenize } from "../sql/sql-tokens.js";
import { hasEnded, type Statement, type SubStatement } from "./statement.js";

/** All statements that can still be asked for. */
export interface Statements {
  /**
   * Accepts a statement, or finds the one that the same ClientToken began.
   *
   * @throws {DataApiError} ValidationException, ActiveStatementsExceededException
   */
  readonly submit: (input: Input, isBatch: boolean, faults: readonly FiredFault[]) => Statement;
  /** By the id of the call or of one of its statements. Throws ResourceNotFoundException. */
  readonly find: (id: string) => { readonly statement: Statement; readonly sub: SubStatement | undefined };
  /** Newest first. */
  readonly list: () => readonly Statement[];
  /** Cancels what runs and waits for its end. */
  readonly close: () => Promise<void>;
}

const ID = /^[a-z0-9]{8}(?:-[a-z0-9]{4}){3}-[a-z0-9]{12}(?::\d+)?$/;

/** Starts without statements. */
export function createStatements(options: {
  readonly context: ExecutionContext;
  readonly clock: Clock;
  readonly random: Random;
  readonly sessions: Sessions;
}): Statements {
  const { context, clock, random, sessions } = options;
  const statements = new Map<string, Statement>();
  const tokens = new Map<string, { readonly statement: Statement; readonly atMs: number }>();
  let queryId = 0;

  const forgetOld = (): void => {
    const now = clock.now();
    for (const [id, statement] of statements) {
      if (now - statement.createdAtMs < STATEMENT_AGE_MS) break;
      if (hasEnded(statement)) statements.delete(id);
    }
    for (const [token, { atMs }] of tokens) {
      if (now - atMs < CLIENT_TOKEN_AGE_MS) break;
      tokens.delete(token);
    }
  };

  const read = (input: Input, isBatch: boolean, kept: KeptSession | undefined): Statement => {
    const id = random.uuid();
    const now = clock.now();
    const sqls = isBatch ? texts(input, "Sqls", 1, MAX_BATCH_STATEMENTS) : [text(input, "Sql")];
    if (sqls.reduce((bytes, sql) => bytes + Buffer.byteLength(sql), 0) > MAX_SQL_BYTES)
      throw validationError("The SQL is longer than 100 KB");
    const subs = sqls.map((sql, index): SubStatement => {
      const pieces = tokenize(sql);
      if (significant(pieces).length === 0) throw validationError("A SQL statement is empty");
      if (isSeveral(pieces))
        throw validationError("Multiple sql statements are not allowed for this api call");
      queryId += 1;
      return {
        id: isBatch ? `${id}:${index + 1}` : id,
        sql,
        tokens: pieces,
        queryId,
        status: "SUBMITTED",
        error: undefined,
        result: undefined,
        startedAtMs: undefined,
        updatedAtMs: now,
      };
    });
    const parameters = sqlParameters(input);
    checkParameters(
      subs.map((sub) => sub.tokens),
      parameters,
    );
    return {
      id,
      isBatch,
      executionMode: optionalWord(input, "ExecutionMode", ["TRANSACTION", "AUTO_COMMIT"]) ?? "TRANSACTION",
      name: optionalText(input, "StatementName"),
      database: kept?.database ?? text(input, "Database"),
      clusterIdentifier: kept?.clusterIdentifier ?? optionalText(input, "ClusterIdentifier"),
      workgroupName: kept?.workgroupName ?? optionalText(input, "WorkgroupName"),
      dbUser: kept?.dbUser ?? optionalText(input, "DbUser"),
      secretArn: optionalText(input, "SecretArn"),
      parameters,
      sessionId: kept?.id,
      createdAtMs: now,
      subs,
      status: "SUBMITTED",
      error: undefined,
      startedAtMs: undefined,
      updatedAtMs: now,
      abort: new AbortController(),
      done: Promise.resolve(),
    };
  };

  const run = async (
    statement: Statement,
    faults: readonly FiredFault[],
    kept: KeptSession | undefined,
  ): Promise<void> => {
    if (kept === undefined) {
      await execute(statement, context, faults);
      return;
    }
    try {
      await execute(statement, context, faults, await kept.session());
    } finally {
      sessions.finish(kept.id);
    }
  };

  return {
    submit: (input, isBatch, faults) => {
      forgetOld();
      const token = optionalText(input, "ClientToken");
      const known = token === undefined ? undefined : tokens.get(token);
      if (known !== undefined) return known.statement;
      if (input["WithEvent"] === true) throw validationError("[local] not emulated: WithEvent");
      if (optionalWord(input, "ResultFormat", ["JSON", "CSV"]) === "CSV")
        throw validationError("[local] not emulated: ResultFormat CSV and GetStatementResultV2");
      const active = [...statements.values()].filter((statement) => !hasEnded(statement)).length;
      if (active >= MAX_ACTIVE_STATEMENTS)
        throw new DataApiError(
          "ActiveStatementsExceededException",
          `Active statements exceeded the allowed quota (${MAX_ACTIVE_STATEMENTS}).`,
        );
      const found = sessionOf(input, sessions);
      const keepAlive = optionalNumber(input, "SessionKeepAliveSeconds", 0, MAX_KEEP_ALIVE_SECONDS);
      const probe = read(input, isBatch, found);
      const kept =
        found ?? (keepAlive === undefined || keepAlive === 0 ? undefined : sessions.create(probe, keepAlive));
      const statement: Statement = kept === undefined ? probe : { ...probe, sessionId: kept.id };
      if (kept !== undefined) sessions.begin(kept.id);
      statements.set(statement.id, statement);
      if (token !== undefined) tokens.set(token, { statement, atMs: clock.now() });
      statement.done = run(statement, faults, kept);
      return statement;
    },
    find: (id) => {
      if (!ID.test(id)) throw validationError("id must satisfy the pattern of a statement's id");
      forgetOld();
      const [callId = ""] = id.split(":");
      const statement = statements.get(callId);
      const sub = statement?.subs.find((each) => each.id === id);
      if (statement === undefined || (sub === undefined && callId !== id))
        throw new DataApiError("ResourceNotFoundException", "Query does not exist.");
      return { statement, sub };
    },
    list: () => {
      forgetOld();
      return [...statements.values()].reverse();
    },
    close: async () => {
      const running = [...statements.values()].filter((statement) => !hasEnded(statement));
      for (const statement of running) statement.abort.abort();
      await Promise.all(running.map((statement) => statement.done));
    },
  };
}

/** The session that a call names; it then names neither database nor cluster, else it names both. */
function sessionOf(input: Input, sessions: Sessions): KeptSession | undefined {
  const id = optionalText(input, "SessionId");
  const cluster = optionalText(input, "ClusterIdentifier");
  const workgroup = optionalText(input, "WorkgroupName");
  if (id !== undefined) {
    if (cluster !== undefined || workgroup !== undefined || optionalText(input, "Database") !== undefined)
      throw validationError("SessionId stands without ClusterIdentifier, WorkgroupName and Database");
    return sessions.find(id);
  }
  if ((cluster === undefined) === (workgroup === undefined))
    throw validationError("Exactly one of ClusterIdentifier and WorkgroupName must be given");
  text(input, "Database");
  return undefined;
}
