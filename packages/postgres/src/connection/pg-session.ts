import { Socket } from "node:net";
import { Client, type QueryResult } from "pg";
import type { ConnectionSettings } from "./options.js";
import type { AnswerRow, PostgresConnect } from "./session.js";

/** Every value as PostgreSQL writes it: what it means is decided where it is read. */
const TEXTS = { getTypeParser: () => (text: unknown) => text };

/** Opens connections by the client `pg`. */
export function pgConnect(settings: ConnectionSettings): PostgresConnect {
  const { host, port, database, user, password, tls } = settings;
  return async (signal) => {
    // The client's own end waits for the server in the middle of a handshake; a socket can be dropped at any time.
    const socket = new Socket();
    const drop = (): unknown => socket.destroy();
    const client = new Client({
      host,
      port,
      database,
      user,
      ...(password === undefined ? {} : { password }),
      ssl: tls,
      stream: () => socket,
      keepAlive: true,
      application_name: "kinesis-connectors",
    });
    let hasEnded = false;
    const onEnd = (): void => {
      hasEnded = true;
      drop();
    };
    // A server that goes away is told by the query that runs; of an idle connection it is found out here.
    client.on("error", onEnd);
    client.on("end", onEnd);
    signal.addEventListener("abort", drop, { once: true });
    try {
      await client.connect();
    } catch (error) {
      drop();
      throw error;
    } finally {
      signal.removeEventListener("abort", drop);
    }
    return {
      query: async (text, values) => {
        // The declared type knows one answer; several statements have several.
        const answer: unknown = await (values === undefined
          ? client.query<AnswerRow>({ text, types: TEXTS })
          : client.query<AnswerRow>({ text, values: [...values], types: TEXTS }));
        const last = (Array.isArray(answer) ? answer.at(-1) : answer) as QueryResult<AnswerRow> | undefined;
        return last?.rows ?? [];
      },
      close: async (isAtOnce) => {
        if (!isAtOnce && !hasEnded) await client.end().catch(() => undefined);
        drop();
      },
      hasEnded: () => hasEnded,
    };
  };
}
