import type { Client, Connection, Submittable } from "pg";

/** The part of a pg connection that sends COPY data; it is there for pg-copy-streams and not in the type. */
interface CopyConnection {
  readonly query: (sql: string) => void;
  readonly sendCopyFromChunk: (chunk: Buffer) => void;
  readonly endCopyFrom: () => void;
}

/** Runs one `COPY ... FROM STDIN` with these lines. */
export function copyIn(client: Client, sql: string, lines: string): Promise<void> {
  return new Promise((resolve, reject) => {
    client.query(
      new CopyIn(sql, lines, (error) => {
        if (error === undefined) resolve();
        else reject(error);
      }),
    );
  });
}

/** `COPY` as pg's client runs it: it calls these when the server's messages arrive. */
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

  handleError(error: Error): void {
    this.#done(error);
  }

  handleReadyForQuery(): void {
    this.#done();
  }
}
