import type { Client, Connection, Submittable } from "pg";
import { catalogSql } from "./catalog.js";
import { sessionSettings, type Database, type Session } from "./database.js";
import { asSqlFailure } from "../errors.js";

const settings: string = Object.entries(sessionSettings)
  .map(([name, value]) => `-c ${name}=${value.replaceAll(" ", "\\ ")}`)
  .join(" ");

/** A PostgreSQL server of the user's; every session is a connection of its own. */
export function postgresDatabase(connectionString: string): Database {
  let ready: Promise<void> | undefined;
  const open = new Set<Session>();

  const connect = async (): Promise<Client> => {
    const { default: pg } = await import("pg");
    const client = new pg.Client({ connectionString, options: settings, application_name: "local redshift" });
    // A server that goes away is told by the query that runs; an idle session's end concerns nobody.
    client.on("error", () => {});
    try {
      await client.connect();
    } catch (cause) {
      throw asSqlFailure(cause);
    }
    return client;
  };
  const prepare = async (): Promise<void> => {
    const client = await connect();
    try {
      for (const sql of catalogSql) await client.query(sql);
    } finally {
      await client.end();
    }
  };

  return {
    concurrent: true,
    open: async () => {
      ready ??= prepare();
      await ready.catch((error: unknown) => {
        ready = undefined;
        throw asSqlFailure(error);
      });
      const client = await connect();
      const session = sessionOf(client, connect, () => open.delete(session));
      open.add(session);
      return session;
    },
    close: async () => {
      await Promise.all([...open].map((session) => session.end()));
    },
  };
}

function sessionOf(client: Client, connect: () => Promise<Client>, onEnd: () => void): Session {
  let ended: Promise<void> | undefined;
  // Every value as PostgreSQL writes it: what it means is decided in one place, for every database alike.
  const types = { getTypeParser: () => (text: unknown) => text };
  return {
    query: async (sql) => {
      try {
        const answer = await client.query<(string | null)[]>({ text: sql, rowMode: "array", types });
        return {
          columns: answer.fields.map(({ name, dataTypeID }) => ({ name, typeId: dataTypeID })),
          rows: answer.rows,
          rowCount: answer.fields.length > 0 ? answer.rows.length : (answer.rowCount ?? -1),
        };
      } catch (error) {
        throw asSqlFailure(error);
      }
    },
    copyIn: (sql, lines) =>
      new Promise((resolve, reject) => {
        const load = new CopyIn(sql, lines, (error) => {
          if (error === undefined) resolve();
          else reject(asSqlFailure(error));
        });
        client.query(load);
      }),
    interrupt: async () => {
      const processId = (client as unknown as { readonly processID: number }).processID;
      const other = await connect();
      try {
        await other.query(`SELECT pg_cancel_backend(${processId})`);
      } finally {
        await other.end();
      }
    },
    end: () => {
      ended ??= client.end().finally(onEnd);
      return ended;
    },
  };
}

/** The part of a pg connection that sends COPY data; it is there for pg-copy-streams and not in the type. */
interface CopyConnection {
  readonly query: (sql: string) => void;
  readonly sendCopyFromChunk: (chunk: Buffer) => void;
  readonly endCopyFrom: () => void;
}

/** `COPY ... FROM STDIN` as pg's client runs it: it calls these when the server's messages arrive. */
class CopyIn implements Submittable {
  readonly #sql: string;
  readonly #lines: string;
  readonly #done: (error?: Error) => void;

  constructor(sql: string, lines: string, done: (error?: Error) => void) {
    this.#sql = sql;
    this.#lines = lines;
    this.#done = done;
  }

  submit(connection: Connection): void {
    (connection as unknown as CopyConnection).query(this.#sql);
  }

  handleCopyInResponse(connection: CopyConnection): void {
    connection.sendCopyFromChunk(Buffer.from(this.#lines));
    connection.endCopyFrom();
  }

  handleCommandComplete(): void {}

  // The client forgets the query with its error; the server's readiness is then for the next one.
  handleError(error: Error): void {
    this.#done(error);
  }

  handleReadyForQuery(): void {
    this.#done();
  }
}
