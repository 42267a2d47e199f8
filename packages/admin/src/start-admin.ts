import type { Server } from "node:http";
import type { Connector } from "@kinesis-connectors/consumer";
import { invalidOption } from "@kinesis-connectors/core";
import { healthOf } from "@kinesis-connectors/telemetry";
import { apiApp, probesApp } from "./apps.js";
import { closed, listen } from "./http/listening.js";
import { LoopStamp } from "./watching/loop-stamp.js";
import { type AdminOptions, adminSettings } from "./options.js";
import {
  checkEntry,
  checkShown,
  requireConnector,
  type ShownOptions,
  shownOf,
} from "./watching/shown-options.js";
import { WatchedConnector } from "./watching/watched-connector.js";

/** A running admin server. */
export interface Admin extends AsyncDisposable {
  /** Where it listens, such as `http://127.0.0.1:9464`. */
  readonly url: string;
  /** Where probes and metrics are served besides; undefined without the option `expose`. */
  readonly exposedUrl: string | undefined;
  /** Stops listening, and ends all connections at once, streams of events too. The connector goes on. Never rejects. */
  readonly close: () => Promise<void>;
}

/** One of several connectors, under its name. */
export interface AdminConnector extends ShownOptions {
  readonly connector: Connector;
}

/**
 * Starts the HTTP of a process: health, metrics, a JSON API and events of its connector, or of several by their names. On loopback, without a token, it
 * is for reading only. It shows no payload and no secret. Its sockets alone do not keep the process running.
 *
 * @example
 * ```ts
 * const admin = await startAdmin(connector, { port: 9464 });
 * console.log(`${admin.url}/api/v1/status`);
 * ```
 * @param connector one that runs; or several, by names of letters, digits, `_`, `.` and `-`, whose routes are then below `/api/v1/connectors/NAME`
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option: also `port` when it is in use
 */
export function startAdmin(connector: Connector, options?: AdminOptions & ShownOptions): Promise<Admin>;
export function startAdmin(
  connectors: ReadonlyMap<string, AdminConnector>,
  options?: AdminOptions,
): Promise<Admin>;
export async function startAdmin(
  connectors: Connector | ReadonlyMap<string, AdminConnector>,
  options: AdminOptions & ShownOptions = {},
): Promise<Admin> {
  const settings = adminSettings(options);
  const entries = entriesOf(connectors, options);
  const { clock } = settings;
  // Rules that are none are told now, and not by the first probe.
  for (const [, { connector, rules }] of entries) healthOf(connector.progress(), rules ?? {}, clock.now());
  const watched = entries.map(
    ([name, { connector, ...shown }]) => new WatchedConnector(name, connector, shown, clock),
  );
  const failoverTimesMs = watched.map(({ connector }) => connector.progress().failoverTimeMs);
  const stamp = new LoopStamp(clock, Math.min(MAX_STAMP_PERIOD_MS, ...failoverTimesMs));
  const servers: Server[] = [];
  const close = async (): Promise<void> => {
    stamp.stop();
    for (const one of watched) one.close();
    await Promise.all(servers.splice(0).map(closed));
  };
  try {
    const { address, exposed } = settings;
    const url = await listen(address, apiApp(watched, stamp, settings), servers);
    const exposedUrl = exposed && (await listen(exposed, probesApp(watched, stamp, settings), servers));
    // Once all have ended there is nothing to stamp for, and no timer may keep the process.
    void Promise.allSettled(watched.map(({ connector }) => connector.done)).then(() => stamp.stop());
    return { url, exposedUrl, close, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

const MAX_STAMP_PERIOD_MS = 1_000;

// `.` and `..` are no parts of a path.
const CONNECTOR_NAME = /^(?!\.{1,2}$)[A-Za-z0-9_.-]{1,128}$/;

function entriesOf(
  connectors: Connector | ReadonlyMap<string, AdminConnector>,
  options: ShownOptions,
): readonly (readonly [string, AdminConnector])[] {
  if (isMap(connectors)) {
    const names = Object.keys(shownOf(options));
    if (names.length > 0)
      throw invalidOption(`${names.join(", ")} belong to one connector: give them beside it in the map`);
    if (connectors.size === 0) throw invalidOption("connectors is an empty map: give one at least");
    for (const [name, entry] of connectors) {
      if (typeof name !== "string" || !CONNECTOR_NAME.test(name))
        throw invalidOption("a connector's name may have 1 to 128 letters, digits, '_', '.' and '-'");
      checkEntry(name, entry);
    }
    return [...connectors];
  }
  requireConnector("connector", connectors);
  checkShown(options);
  return [[pathNameOf(connectors.progress().application), { connector: connectors, ...shownOf(options) }]];
}

/** An application as a part of a path: with a lease table of one's own its name may be anything. */
function pathNameOf(application: string): string {
  const name = application.replaceAll(/[^A-Za-z0-9_.-]/g, "_").slice(0, 128);
  return CONNECTOR_NAME.test(name) ? name : "connector";
}

function isMap(
  connectors: Connector | ReadonlyMap<string, AdminConnector>,
): connectors is ReadonlyMap<string, AdminConnector> {
  return connectors instanceof Map;
}
