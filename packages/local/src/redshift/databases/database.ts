/** A column of a result. */
interface ResultColumn {
  readonly name: string;
  /** PostgreSQL's type id. */
  readonly typeId: number;
}

/** What a statement gave; values as PostgreSQL writes them. */
export interface QueryResult {
  readonly columns: readonly ResultColumn[];
  readonly rows: readonly (readonly (string | null)[])[];
  /** Rows returned or changed; -1 when the statement has no such number. */
  readonly rowCount: number;
}

/** One session: its transaction, its temporary tables and settings are seen by no other. */
export interface Session {
  /** Runs one statement. Throws SqlFailure. */
  readonly query: (sql: string) => Promise<QueryResult>;
  /** Runs `COPY ... FROM STDIN` with these lines of PostgreSQL's text format. Throws SqlFailure. */
  readonly copyIn: (sql: string, lines: string) => Promise<void>;
  /** Interrupts the statement that runs, where the database can. */
  readonly interrupt: () => Promise<void>;
  /** Ends the session; what was not committed is gone. May be called twice. */
  readonly end: () => Promise<void>;
}

/** PostgreSQL behind the Data API. */
export interface Database {
  /** Starts a clean session; on a database with one session only, waits for its turn. */
  readonly open: () => Promise<Session>;
  /** Whether sessions exist side by side. */
  readonly concurrent: boolean;
  readonly close: () => Promise<void>;
}

/**
 * Settings of every session. Backslashes escape, as in Redshift; the snapshot is fixed by the first read and not by
 * LOCK, as under Redshift's snapshot isolation.
 */
export const sessionSettings: Readonly<Record<string, string>> = {
  standard_conforming_strings: "off",
  escape_string_warning: "off",
  default_transaction_isolation: "repeatable read",
  timezone: "UTC",
  datestyle: "ISO, MDY",
  client_min_messages: "error",
};
