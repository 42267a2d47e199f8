import type { Server } from "node:http";
import {
  checkOptions,
  type Clock,
  invalidOption,
  nonEmptyText,
  type OptionNames,
  systemClock,
  wholeNumber,
} from "@kinesis-connectors/core";
import type { LeaseTable } from "@kinesis-connectors/leases";
import { bearer } from "./http/access.js";
import { baseApp } from "./http/base-app.js";
import { closed, listen } from "./http/listening.js";
import { adminSettings } from "./options.js";
import { steeringRoutes } from "./routes/steering.js";
import { consoleFileRoutes } from "./console/console-files.js";
import { FleetLook } from "./console/fleet-look.js";
import type { RemoteProcess } from "./console/remote-address.js";
import { remoteProcesses } from "./console/remote-process.js";
import { consoleStateRoutes } from "./console/state-routes.js";

/** An application whose leases the console shows. */
export interface ConsoleApplication {
  /** It need not be opened, and is not created. */
  readonly table: LeaseTable;
  /** As it is shown. Default: the name of the application. */
  readonly tableName?: string;
  /** Shown where no row says it. */
  readonly stream?: string | undefined;
  /** That of the workers, in milliseconds. Default 10,000. */
  readonly failoverTimeMs?: number | undefined;
  /** Keeps the rows as they are before a reset is carried out, and resolves with the file that holds them. Default: they are not kept. */
  readonly keepRows?: () => Promise<string>;
  /** The name of what the last repeated call on the table failed with; undefined where none did lately. */
  readonly lastRetry?: () => string | undefined;
}

/** Options of `startConsole`. */
export interface ConsoleOptions {
  /** What reading, and changing where that is allowed, take as `Authorization: Bearer`; the page takes it from its `#token=`. */
  readonly token: string;
  /** Whether the console may pause, resume and reset. Default false. */
  readonly allowChanges?: boolean;
  /** Who pauses, as it is shown to others: `user@host`. Default: `admin@` and the name of this machine. */
  readonly by?: string;
  /** Admin servers of processes, for what the lease table does not say. Default none. */
  readonly processes?: readonly RemoteProcess[];
  /** Default 127.0.0.1; another one takes a token of 32 characters or more. */
  readonly host?: string;
  /** Default 9465. 0 takes a free one. */
  readonly port?: number;
  /** Tells the time. Default: the machine's. */
  readonly clock?: Clock;
}

/** A running console. */
export interface ConsoleServer extends AsyncDisposable {
  /** Where it listens, without the token. */
  readonly url: string;
  readonly close: () => Promise<void>;
}

const NAMES: OptionNames<ConsoleOptions> = {
  token: "required",
  allowChanges: true,
  by: true,
  processes: true,
  host: true,
  port: true,
  clock: true,
};

/** Beside that of a process. */
const DEFAULT_PORT = 9465;

/** The default of `leases.failoverTimeMs`. */
const DEFAULT_FAILOVER_MS = 10_000;

/**
 * Serves the console of a fleet by its lease tables alone: no worker has to run, and the tables are only looked at, once in two seconds while somebody
 * does. Keeps the process running until it is closed.
 *
 * @param applications by their names
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option: also `port` when it is in use
 */
export async function startConsole(
  applications: ReadonlyMap<string, ConsoleApplication>,
  options: ConsoleOptions,
): Promise<ConsoleServer> {
  checkOptions("startConsole", options, NAMES);
  if (applications.size === 0) throw invalidOption("applications is an empty map: give one at least");
  const {
    allowChanges = false,
    by,
    processes = [],
    host,
    port = DEFAULT_PORT,
    clock = systemClock,
  } = options;
  const token = nonEmptyText("token", options.token);
  const settings = adminSettings({ ...(host === undefined ? {} : { host }), port, token, clock });
  const access = allowChanges
    ? { ...settings.access, readToken: undefined, tokenIsInAddress: true }
    : { ...settings.access, token: undefined, readToken: token, tokenIsInAddress: true };
  const app = baseApp(access);
  app.route("/", consoleFileRoutes());
  app.use("/api/*", bearer(access));
  app.get("/api/v1/connectors", (context) =>
    context.json({
      connectors: [...applications.keys()].map((name) => ({ name, path: pathOf(name) })),
    }),
  );
  for (const [
    name,
    { table, tableName = name, stream, lastRetry, keepRows, ...application },
  ] of applications) {
    const failoverTimeMs = wholeNumber("failoverTimeMs", application.failoverTimeMs ?? DEFAULT_FAILOVER_MS, {
      min: 300,
    });
    const look = new FleetLook({ table, tableName, stream, failoverTimeMs, clock, lastRetry });
    app.route(
      pathOf(name),
      consoleStateRoutes({
        application: name,
        clock,
        sight: () => look.sight(),
        processes: async () =>
          (await Promise.all(processes.map((remote) => remoteProcesses(remote, name, clock)))).flat(),
      }),
    );
    app.route(
      pathOf(name),
      steeringRoutes({ table: () => table, failoverTimeMs: () => failoverTimeMs, clock, keepRows, by }),
    );
  }
  const servers: Server[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(servers.splice(0).map(closed));
  };
  const url = await listen(settings.address, app, servers);
  // Nothing else keeps this process.
  for (const server of servers) server.ref();
  return { url, close, [Symbol.asyncDispose]: close };
}

function pathOf(name: string): string {
  return `/api/v1/connectors/${encodeURIComponent(name)}`;
}
