import { catalogSql } from "./catalog.js";
import { sessionSettings, type Database, type QueryResult, type Session } from "./database.js";
import { asSqlFailure, SqlFailure } from "../errors.js";
import { loadPGlite, type PGlite, type PGliteResults } from "./pglite.js";

const settings: string = Object.entries(sessionSettings)
  .map(([name, value]) => `SET ${name} TO '${value}'`)
  .join(";");

/**
 * PostgreSQL in WebAssembly, in this process, started on first use. It has one session: whoever opens one while
 * another is open waits for its end.
 */
export function pgliteDatabase(): Database {
  let starting: Promise<Started> | undefined;
  let last: Promise<void> = Promise.resolve();
  let closed = false;
  const sessions = new Set<Session>();

  const start = async (): Promise<Started> => {
    const module = await loadPGlite();
    const database = await module.PGlite.create();
    // Every value as PostgreSQL writes it: what it means is decided in one place, for every database alike.
    const parsers = Object.fromEntries(
      Object.values(module.types).map((typeId) => [typeId, (text: string) => text]),
    );
    for (const sql of catalogSql) await database.exec(sql);
    return { database, parsers };
  };

  return {
    concurrent: false,
    open: async () => {
      const before = last;
      let release = (): void => {};
      last = new Promise((resolve) => {
        release = resolve;
      });
      await before;
      try {
        if (closed) throw stopped();
        starting ??= start();
        const started = await starting;
        // Starting takes seconds, in which all may have been stopped.
        if (closed) throw stopped();
        // By itself: several statements in one text would be a transaction, in which it cannot run.
        await started.database.exec("DISCARD ALL");
        await started.database.exec(settings);
        const session = sessionOf(started, () => {
          sessions.delete(session);
          release();
        });
        sessions.add(session);
        return session;
      } catch (error) {
        release();
        throw asSqlFailure(error);
      }
    },
    close: async () => {
      closed = true;
      // Who waits for a turn is told that there is none any more.
      await Promise.all([...sessions].map((session) => session.end()));
      await last;
      const started = await starting?.catch(() => undefined);
      await started?.database.close();
    },
  };
}

function stopped(): SqlFailure {
  return new SqlFailure("the database was stopped");
}

interface Started {
  readonly database: PGlite;
  readonly parsers: Readonly<Record<number, (text: string) => string>>;
}

function sessionOf({ database, parsers }: Started, release: () => void): Session {
  let ended = false;
  return {
    query: async (sql) => {
      try {
        const results = await database.exec(sql, { rowMode: "array", parsers });
        return resultOf(results.at(-1));
      } catch (error) {
        throw asSqlFailure(error);
      }
    },
    copyIn: async (sql, lines) => {
      try {
        await database.query(sql.replace(" FROM STDIN", " FROM '/dev/blob'"), [], {
          blob: new Blob([lines]),
        });
      } catch (error) {
        throw asSqlFailure(error);
      }
    },
    // It runs in this very thread: while a statement runs, nobody can interrupt it.
    interrupt: async () => {},
    end: async () => {
      if (ended) return;
      ended = true;
      try {
        await database.exec("ROLLBACK");
      } finally {
        release();
      }
    },
  };
}

function resultOf(result: PGliteResults | undefined): QueryResult {
  const { rows = [], fields = [], affectedRows = 0, command = "" } = result ?? {};
  const counted = /^(?:INSERT|UPDATE|DELETE|MERGE|COPY)/.test(command);
  return {
    columns: fields.map(({ name, dataTypeID }) => ({ name, typeId: dataTypeID })),
    rows,
    rowCount: fields.length > 0 ? rows.length : counted ? affectedRows : -1,
  };
}
