/** A server that tests talk to, on loopback unless it is one of the user's. */
export interface TestServer extends AsyncDisposable {
  /** What it is, with its version, such as `PostgreSQL 15.18`. */
  readonly name: string;
  /** Where it listens, with user, password and database: `postgres://...`, `mysql://...` or `redis://...`. The same after every start. */
  readonly url: string;
  /** Absent where the server is not ours to kill: one of the user's. */
  readonly process?: ServerProcess;
}

/** What can be done to a server that was started here. */
export interface ServerProcess {
  /** Ends it at once, in whatever it is doing (`kill -9`); its connections break. Resolves when it is gone. */
  readonly kill: () => Promise<void>;
  /** Starts it again on the same data and the same port; resolves when it answers. */
  readonly start: () => Promise<void>;
}

/** Whether a test can kill the server. */
export function isOurs(server: TestServer): server is TestServer & { readonly process: ServerProcess } {
  return server.process !== undefined;
}
