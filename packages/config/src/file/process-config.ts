import type { Secret } from "@kinesis-connectors/core/config";

/** Metrics as lines of CloudWatch's Embedded Metric Format on standard output. */
export interface EmfConfig {
  /** `kcl`: the names, units and dimensions of the KCL, so that its alarms go on. `own` (default): those of this project. */
  readonly names?: "kcl" | "own";
  /** The CloudWatch namespace. Default: the application's name with `kcl`, `KinesisConnectors` with `own`. */
  readonly namespace?: string;
  /**
   * Interval of the lines, in milliseconds. Default 60,000, at least 1,000.
   * @minimum 1000
   */
  readonly periodMs?: number;
}

/** What is measured, and where it goes. */
export interface TelemetryConfig {
  /** Metrics as text for Prometheus, at `/metrics` of `admin`. Default: true where there is an `admin`. */
  readonly prometheus?: boolean;
  /** Metrics by OpenTelemetry, whose SDK the process has set up. Default false. */
  readonly openTelemetry?: boolean;
  /** Default false. */
  readonly emf?: boolean | EmfConfig;
  /** Whether there is a series for each shard: `auto` (default) up to 200 owned shards. */
  readonly perShard?: "auto" | boolean;
}

/** When a process counts as failing; each has a default that fits `buffer.maxAgeMs`. */
export interface HealthConfig {
  /**
   * Longest time until the table is open and the first look at leases done, in milliseconds. Default 120,000.
   * @minimum 0
   */
  readonly startDeadlineMs?: number;
  /**
   * Longest time without a commit while there are records, in milliseconds. Default: 3 x `buffer.maxAgeMs`, and at least 120,000.
   * @minimum 0
   */
  readonly stalledMs?: number;
  /**
   * Longest time between arrival and delivery, in milliseconds. Default: 2 x `buffer.maxAgeMs` + 60,000, and at least 120,000.
   * @minimum 0
   */
  readonly maxDeliveryLagMs?: number;
  /**
   * Longest time in which the same batch is tried again, in milliseconds. Default 120,000.
   * @minimum 0
   */
  readonly retryingMs?: number;
  /**
   * Longest time in which reading of a shard fails, in milliseconds. Default 60,000.
   * @minimum 0
   */
  readonly readFailingMs?: number;
}

/** An address to listen on. */
export interface AddressConfig {
  /** Name or address of the interface. */
  readonly host: string;
  /**
   * 0 for any that is free, at most 65,535.
   * @asType integer
   * @minimum 0
   * @maximum 65535
   */
  readonly port: number;
}

/** HTTP of the process. */
export interface AdminConfig {
  /** Default `127.0.0.1`. Another host takes a token of 32 characters at least. */
  readonly host?: string;
  /**
   * Default 9464; 0 for any that is free, at most 65,535.
   * @asType integer
   * @minimum 0
   * @maximum 65535
   */
  readonly port?: number;
  /**
   * What `/api` asks for as a bearer token.
   * @writeOnly true
   */
  readonly token?: Secret;
  /**
   * A token that reads and changes nothing.
   * @writeOnly true
   */
  readonly readToken?: Secret;
  /** Names of this host beside those of loopback, for the header `Host`. */
  readonly allowedHosts?: readonly string[];
  /** Whether records may be looked at (`peek`). Default false. */
  readonly allowPayload?: boolean;
  /** A second address that serves `/livez`, `/readyz` and `/metrics` and nothing else, without a token. Default: none; the first address serves them. */
  readonly expose?: AddressConfig;
  /** When the process counts as failing. */
  readonly rules?: HealthConfig;
}
