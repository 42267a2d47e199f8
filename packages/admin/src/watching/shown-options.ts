import type { KinesisApi } from "@kinesis-connectors/consumer";
import { checkOptions, invalidOption, isPromise, type OptionNames } from "@kinesis-connectors/core";
import type { LeaseTable } from "@kinesis-connectors/leases";
import type { HealthRules, Metrics } from "@kinesis-connectors/telemetry";

/** What an admin server shows of one connector, besides what that tells by itself. */
export interface ShownOptions {
  /** What `metricsTally` returned, for `/metrics`. Default: none, and `/metrics` is answered with 404. */
  readonly metrics?: Metrics;
  /** The limits of `/readyz`. Default: those of `healthOf`. */
  readonly rules?: HealthRules;
  /** The configuration that `/api/v1/config` shows, without what looks like a secret. Default: none. */
  readonly config?: object;
  /** The lease table, for `leases`, `pause`, `resume` and `reset`. It need not be opened. Default: none, and these are answered with 501. */
  readonly steering?: { readonly table: LeaseTable };
  /** The stream that `peek` reads, as `sdkKinesis` returned it. Only together with `allowPayload`. */
  readonly kinesis?: KinesisApi;
}

const RULES: OptionNames<HealthRules> = {
  maxAgeMs: true,
  startDeadlineMs: true,
  stalledMs: true,
  maxDeliveryLagMs: true,
  retryingMs: true,
  readFailingMs: true,
};

/** Their names, for `checkOptions`. */
export const SHOWN: OptionNames<ShownOptions> = {
  metrics: true,
  rules: RULES,
  config: true,
  steering: { table: "required" },
  kinesis: true,
};

/** @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option and what it takes */
export function checkShown(options: ShownOptions): void {
  const { table } = options.steering ?? {};
  if (options.steering !== undefined && typeof table?.list !== "function")
    throw invalidOption("steering.table must be a lease table, such as dynamoDbLeaseTable({ ... })");
  if (options.config !== undefined && (typeof options.config !== "object" || options.config === null))
    throw invalidOption("config must be the object that is to be shown");
}

/** The part of the options that is about one connector. */
export function shownOf(options: ShownOptions): ShownOptions {
  return Object.fromEntries(Object.entries(options).filter(([name]) => name in SHOWN));
}

/** Checks what is said of one of several connectors. */
export function checkEntry(name: string, entry: ShownOptions & { readonly connector: unknown }): void {
  checkOptions(`startAdmin, connector ${name}`, entry, { ...SHOWN, connector: "required" });
  requireConnector(`connector of ${name}`, entry.connector);
  checkShown(entry);
}

/** Refuses what is no connector: a promise of one above all. */
export function requireConnector(option: string, connector: unknown): void {
  if (isPromise(connector)) {
    Promise.resolve(connector).catch(() => undefined);
    throw invalidOption(`${option} is a promise: await it`);
  }
  if (typeof connector === "object" && connector !== null && "progress" in connector) return;
  throw invalidOption(`${option} must be what startConnector resolves with`);
}
