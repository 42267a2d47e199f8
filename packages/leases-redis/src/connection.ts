import { type Clock, asError } from "@kinesis-connectors/core";
import { type Cluster, Redis } from "ioredis";
import { ConnectFailure, wordOf } from "./failures.js";
import type { ConnectionSettings, TableSettings } from "./options.js";

/** A client of Redis: the part that is used here. */
export type RedisClient = Redis | Cluster;

/** The connection of a lease table: made when it is needed, and made anew when it has broken. */
export class Connection {
  readonly #settings: TableSettings;
  readonly #clock: Clock;
  #connecting: Promise<RedisClient> | undefined;
  /** What `#connecting` has led to. */
  #current: RedisClient | undefined;
  #isClosed = false;

  constructor(settings: TableSettings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
  }

  /**
   * Runs commands. The connection is dropped where no answer came in time: what was sent may still be carried out.
   * @throws ConnectFailure where there was no connection, so that nothing was sent
   */
  async use<Answer>(timeoutMs: number, run: (client: RedisClient) => Promise<Answer>): Promise<Answer> {
    const client = await this.#client();
    try {
      return await this.#within(timeoutMs, run(client));
    } catch (thrown) {
      const { name, message } = asError(thrown);
      // A connection that failed, a server that says nothing, a primary that has become a replica: the next connection may lead to another one.
      if (name !== "ReplyError" || wordOf(message) === "READONLY") this.#drop(client);
      throw thrown;
    }
  }

  close(): void {
    this.#isClosed = true;
    const connecting = this.#connecting;
    this.#connecting = undefined;
    if ("connection" in this.#settings.way)
      connecting?.then(
        (client) => client.disconnect(),
        () => undefined,
      );
  }

  async #client(): Promise<RedisClient> {
    const { way } = this.#settings;
    if ("client" in way) return way.client;
    if (this.#isClosed)
      throw new ConnectFailure("closed", { cause: new Error("the lease table was closed") });
    for (;;) {
      const connecting = (this.#connecting ??= this.#connect(way.connection));
      let client: RedisClient;
      try {
        client = await connecting;
      } catch (thrown) {
        if (this.#connecting === connecting) this.#connecting = undefined;
        throw thrown;
      }
      if (!isOver(client)) return client;
      // It has broken while nobody used it: nothing is sent over it.
      this.#drop(client);
    }
  }

  async #connect(settings: ConnectionSettings): Promise<Redis> {
    const { requestTimeoutMs } = this.#settings;
    let said: Error | undefined;
    let client: Redis | undefined;
    try {
      client = new Redis(await ioredisOptions(settings, requestTimeoutMs));
      // What went wrong is told by this event alone; the promise says that the connection is closed.
      client.on("error", (error: Error) => (said ??= error));
      await this.#within(requestTimeoutMs, client.connect());
      // A database that is not there is told by the event too, and the client goes on with another one.
      if (said !== undefined) throw said;
    } catch (thrown) {
      client?.disconnect();
      throw new ConnectFailure("no connection", { cause: said ?? thrown });
    }
    const connected = client;
    connected.once("end", () => this.#drop(connected));
    this.#current = connected;
    return connected;
  }

  #drop(client: RedisClient): void {
    if ("client" in this.#settings.way) return;
    client.disconnect();
    if (this.#current !== client) return;
    this.#current = undefined;
    this.#connecting = undefined;
  }

  async #within<Answer>(timeoutMs: number, work: Promise<Answer>): Promise<Answer> {
    return await new Promise<Answer>((resolve, reject) => {
      const timer = this.#clock.setTimer(timeoutMs, () => {
        const error = new Error(`no answer within ${timeoutMs} ms (requestTimeoutMs)`);
        error.name = "TimeoutError";
        reject(error);
      });
      work.then(resolve, reject).finally(() => timer.cancel());
    });
  }
}

function isOver({ status }: RedisClient): boolean {
  return status === "close" || status === "end";
}

async function ioredisOptions(settings: ConnectionSettings, timeoutMs: number) {
  const { host, port, username, password, database, tls = false } = settings;
  const secret = typeof password === "function" ? await password() : password;
  return {
    host,
    port,
    ...(username === undefined ? {} : { username }),
    ...(secret === undefined ? {} : { password: secret }),
    ...(tls === false ? {} : { tls: tls === true ? {} : { ...tls } }),
    db: database,
    connectionName: "kinesis-connectors",
    connectTimeout: timeoutMs,
    lazyConnect: true,
    // A connection that has broken is made anew by the next call: nothing is sent twice behind its back.
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
  };
}
