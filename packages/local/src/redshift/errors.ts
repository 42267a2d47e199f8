/** An answer of the Data API that is an error, with its code as the API spells it. */
export class DataApiError extends Error {
  override readonly name = "DataApiError";
  readonly code: string;
  readonly status: number;

  constructor(code: string, message: string, status = 400) {
    super(message);
    this.code = code;
    this.status = status;
  }

  /** The JSON body of the answer. The service spells it `Message`; clients read both. */
  toBody(): Readonly<Record<string, unknown>> {
    return { __type: this.code, Message: this.message, message: this.message };
  }
}

/** What the Data API says about a request that makes no sense. */
export function validationError(message: string): DataApiError {
  return new DataApiError("ValidationException", message);
}

/** A statement that failed, in the database or before it; its message becomes the statement's `Error`. */
export class SqlFailure extends Error {
  override readonly name = "SqlFailure";
  /** PostgreSQL's five characters, when the database said so. */
  readonly sqlState: string | undefined;
  /** Where in a COPY it happened: `COPY t, line 2, column a: "x"`. */
  readonly where: string | undefined;

  constructor(
    message: string,
    options: {
      readonly sqlState?: string | undefined;
      readonly where?: string | undefined;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.sqlState = options.sqlState;
    this.where = options.where;
  }
}

/** Something of Redshift that this server does not have: said, never ignored. */
export function notEmulated(what: string): SqlFailure {
  return new SqlFailure(`[local] not emulated: ${what}`, { sqlState: "0A000" });
}

/**
 * The `Error` text of a statement. Redshift reports lost snapshots and cycles of transactions as error 1023
 * ("Serializable isolation" in its developer guide); clients look for that number.
 */
export function errorText(failure: SqlFailure): string {
  if (failure.sqlState === "40001")
    return `ERROR: 1023\n  Detail: Serializable isolation violation on table (${failure.message})`;
  return `ERROR: ${failure.message}`;
}

/** An error of a driver; PGlite's and pg's carry the same fields of PostgreSQL's protocol. */
export function asSqlFailure(error: unknown): SqlFailure {
  if (error instanceof SqlFailure) return error;
  const { code, where, column } = error as Readonly<Record<string, unknown>>;
  const sqlState = typeof code === "string" ? code : undefined;
  const message = error instanceof Error ? error.message : String(error);
  return new SqlFailure(
    sqlState === "23502" ? `Cannot insert a NULL value into column ${String(column)}` : message,
    { sqlState, where: typeof where === "string" ? where : undefined, cause: error },
  );
}
