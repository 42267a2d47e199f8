import { createRequire } from "node:module";
import { LocalAwsError } from "../errors.js";
import { findFault, type FiredFault, isCutBefore } from "../faults.js";
import { answerControlRoute } from "../http/control-routes.js";
import type { Exchange } from "../http/exchange.js";
import { startLoopbackServer, type TlsFiles } from "../http/loopback-server.js";
import { readBody } from "../http/read-body.js";
import { delayFault, sendReply } from "../http/reply.js";
import type { CallParameters } from "../journal.js";
import type { SharedParts } from "../shared-parts.js";
import type { CopyObjects } from "./copy/copy-files.js";
import type { Database } from "./databases/database.js";
import { DataApiError, validationError } from "./errors.js";
import type { Input } from "./input.js";
import { MAX_REQUEST_BYTES } from "./limits.js";
import { operations, type OperationContext } from "./operations.js";
import { pgliteDatabase } from "./databases/pglite-database.js";
import { postgresDatabase } from "./databases/postgres-database.js";
import { rewrite } from "./sql/rewrite.js";
import { createSessions } from "./databases/sessions.js";
import { statementKind, tokenize } from "./sql/sql-tokens.js";
import { createStatements } from "./statements/statements.js";

/** Settings of the local Redshift Data API. */
export interface RedshiftOptions {
  /** Port on 127.0.0.1; default 0 takes a free one. */
  readonly port?: number;
  /**
   * A PostgreSQL server, version 15 or later, as `postgres://user:password@host:port/database`; needs the package
   * `pg`. Default: PGlite in this process, started by the first statement; needs the package `@electric-sql/pglite`.
   */
  readonly connectionString?: string;
  /** The database that calls name; another one fails as on a cluster that lacks it. Default `dev`. */
  readonly database?: string;
  /** Rows of one page of GetStatementResult. Default 1000. */
  readonly pageRows?: number;
  /** Also speaks TLS on the same port. */
  readonly tls?: TlsFiles;
}

/** The same, and what the servers share. */
export interface RedshiftServerOptions extends RedshiftOptions, SharedParts {
  /** How the caller calls the port, for the error when it is taken. */
  readonly portOption?: string;
  /** What COPY reads. */
  readonly objects: CopyObjects;
}

/** A running local Redshift. */
export interface RedshiftServer {
  readonly url: string;
  readonly port: number;
  /**
   * Runs one statement of Redshift's SQL without a call, a fault or an entry in the journal, and gives its rows by the
   * columns' names; values as text. Rejects with the database's error.
   */
  readonly query: (sql: string) => Promise<readonly Readonly<Record<string, string | null>>[]>;
  /** Cancels what runs and stops; open connections are cut. */
  readonly close: () => Promise<void>;
}

const TARGET = /^RedshiftData\.([A-Za-z0-9]{1,64})$/;
/** One page of a result: the Data API does not say its size; a megabyte is what has been seen. */
const PAGE_BYTES = 1024 * 1024;

/** Both databases are optional peers: told at the start, not by the first statement. */
function needPackage(name: string): void {
  try {
    createRequire(import.meta.url).resolve(name);
  } catch (cause) {
    throw new LocalAwsError("KC_LOCAL_BAD_OPTION", `[local] redshift needs the package ${name}: install it`, {
      cause,
    });
  }
}

function databaseOf({ connectionString }: RedshiftServerOptions): Database {
  needPackage(connectionString === undefined ? "@electric-sql/pglite" : "pg");
  return connectionString === undefined ? pgliteDatabase() : postgresDatabase(connectionString);
}

/** Starts the Data API on loopback. */
export async function startRedshiftServer(options: RedshiftServerOptions): Promise<RedshiftServer> {
  const { clock, random } = options;
  const database = databaseOf(options);
  const sessions = createSessions({ clock, random, database });
  const statements = createStatements({
    clock,
    random,
    sessions,
    context: { clock, database, databaseName: options.database ?? "dev", objects: options.objects },
  });
  const context = { statements, clock, pageRows: options.pageRows ?? 1000, pageBytes: PAGE_BYTES };
  const server = await startLoopbackServer({
    ...(options.port === undefined ? {} : { port: options.port }),
    ...(options.portOption === undefined ? {} : { portOption: options.portOption }),
    ...(options.tls === undefined ? {} : { tls: options.tls }),
    onRequest: (exchange) => serve(exchange, context, options),
  });
  return {
    url: server.url,
    port: server.port,
    query: async (sql) => {
      const session = await database.open();
      try {
        const { columns, rows } = await session.query(rewrite(tokenize(sql)));
        return rows.map((row) =>
          Object.fromEntries(columns.map(({ name }, index) => [name, row[index] ?? null])),
        );
      } finally {
        await session.end();
      }
    },
    close: async () => {
      await server.close();
      const ended = statements.close();
      // Where sessions take turns, a statement that waits for its turn is set free by the database's end only.
      if (!database.concurrent) await database.close();
      await ended;
      await sessions.close();
      if (database.concurrent) await database.close();
    },
  };
}

/** One call on its way through the server. */
interface Progress {
  operation: string;
  parameters: CallParameters;
  faults: readonly FiredFault[];
  applied: boolean;
}

type CallContext = Omit<OperationContext, "faults">;

async function serve(
  exchange: Exchange,
  context: CallContext,
  options: RedshiftServerOptions,
): Promise<void> {
  if (await answerControlRoute(exchange, options)) return;
  const progress: Progress = { operation: "Unknown", parameters: {}, faults: [], applied: false };
  let status = 200;
  let body: Input;
  let errorCode: string | undefined;
  try {
    body = await perform(exchange, context, { options, progress });
  } catch (error) {
    const failure =
      error instanceof DataApiError
        ? error
        : new DataApiError("InternalServerException", `[local] ${String(error)}`, 500);
    status = failure.status;
    errorCode = failure.code;
    body = failure.toBody();
  }
  await delayFault(options.clock, progress.faults, "after");
  const reply = {
    status,
    headers: { "content-type": "application/x-amz-json-1.1", "x-amzn-requestid": options.random.uuid() },
    body: JSON.stringify(body),
  };
  const record = (sentStatus: number): void => {
    const { operation, parameters, applied, faults } = progress;
    options.journal.record({
      server: "redshift",
      operation,
      parameters,
      applied,
      status: sentStatus,
      ...(errorCode === undefined ? {} : { errorCode }),
      ...(faults.length === 0 ? {} : { faults: faults.map((fault) => fault.id) }),
    });
  };
  // Without faults the entry is written before the answer, so that who has the answer finds the entry.
  if (progress.faults.length === 0) record(status);
  const sent = await sendReply(exchange, reply, progress.faults, options.clock);
  if (progress.faults.length > 0) record(sent);
}

async function perform(
  { request }: Exchange,
  context: CallContext,
  call: { readonly options: RedshiftServerOptions; readonly progress: Progress },
): Promise<Input> {
  const { options, progress } = call;
  const bytes = await readBody(request, MAX_REQUEST_BYTES);
  const target = TARGET.exec(String(request.headers["x-amz-target"] ?? ""))?.[1];
  const operation =
    target !== undefined && Object.hasOwn(operations, target) ? operations[target] : undefined;
  if (target !== undefined) progress.operation = target;
  if (request.method !== "POST" || operation === undefined)
    throw new DataApiError("UnknownOperationException", `${progress.operation} is not emulated`);
  if (bytes === undefined) throw validationError("The request is too large");
  const input = parseInput(bytes);
  progress.parameters = parametersOf(input);
  progress.faults = options.faults.take({
    server: "redshift",
    operation: progress.operation,
    parameters: progress.parameters,
  });
  const { faults } = progress;
  await delayFault(options.clock, faults, "before");
  raiseFault(faults, "before");
  // Cut before the change: the change is not made. A read makes none, its answer is what gets cut.
  if (operation.changes && isCutBefore(faults)) return {};
  const answer = await operation.run(input, { ...context, faults });
  progress.applied = operation.changes;
  raiseFault(faults, "after");
  return answer;
}

function parseInput(bytes: Buffer): Input {
  try {
    const input: unknown = JSON.parse(bytes.toString("utf8"));
    if (typeof input === "object" && input !== null && !Array.isArray(input)) return input as Input;
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
  }
  throw new DataApiError("SerializationException", "The request's body is not a JSON object");
}

function raiseFault(faults: readonly FiredFault[], phase: "before" | "after"): void {
  const error = findFault(faults, "error", phase);
  if (error !== undefined) throw new DataApiError(error.code, error.message ?? error.code, error.status);
}

const names = {
  Id: "id",
  StatementName: "statementName",
  ClusterIdentifier: "clusterIdentifier",
  WorkgroupName: "workgroupName",
  Database: "database",
  SessionId: "sessionId",
} as const;

/** What identifies a call: ids and names, and of its SQL only the kinds of the statements. */
function parametersOf(input: Input): CallParameters {
  const found = Object.entries(names).flatMap(([member, name]) => {
    const value = input[member];
    return typeof value === "string" ? [[name, value] as const] : [];
  });
  const { Sql, Sqls } = input;
  const sqls: readonly unknown[] = Array.isArray(Sqls) ? Sqls : Sql === undefined ? [] : [Sql];
  const kinds = sqls.filter((sql) => typeof sql === "string").map((sql) => statementKind(tokenize(sql)));
  return {
    ...Object.fromEntries(found),
    ...(kinds.length === 0 ? {} : { statements: kinds.join(","), count: kinds.length }),
  };
}
