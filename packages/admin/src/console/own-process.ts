import type { ConsoleProcess } from "@kinesis-connectors/console";
import { redacted } from "../watching/redacted.js";
import type { WatchedConnector } from "../watching/watched-connector.js";
import { FleetLook, type FleetSight } from "./fleet-look.js";
import type { ConsoleSource } from "./state-routes.js";
import type { Clock } from "@kinesis-connectors/core";

/** The console of a process that runs a connector: its leases where it was given their table, and itself. */
export function sourceOfProcess(watched: WatchedConnector, clock: Clock): ConsoleSource {
  const { application, stream, failoverTimeMs } = watched.connector.progress();
  const { steering } = watched.options;
  const look =
    steering &&
    new FleetLook({ table: steering.table, tableName: application, stream, failoverTimeMs, clock });
  return {
    application,
    clock,
    sight: async () => (look === undefined ? NOT_CONFIGURED : look.sight()),
    processes: async () => [processOf(watched)],
  };
}

function processOf(watched: WatchedConnector): ConsoleProcess {
  const { config } = watched.options;
  return {
    url: null,
    problem: null,
    snapshot: watched.snapshot(),
    errors: watched.errors.list(),
    config: config === undefined ? null : redacted(config),
  };
}

const NOT_CONFIGURED: FleetSight = {
  fleet: null,
  trouble: {
    kind: "not-configured",
    action: null,
    message:
      "this process was started without its lease table (startAdmin, option steering): only its own shards are shown, and nothing can be changed",
  },
};
