import { readFileSync } from "node:fs";
import { isIPv6 } from "node:net";
import {
  asError,
  checkOptions,
  type Clock,
  errorFields,
  invalidOption,
  nonEmptyText,
  type OptionNames,
  systemClock,
  wholeNumber,
} from "@kinesis-connectors/core";
import { type AccessRules, isLoopback } from "./http/access-rules.js";
import type { Address } from "./http/address.js";
import { SHOWN, type ShownOptions } from "./watching/shown-options.js";

/** Options of `startAdmin` for the server as a whole. */
export interface AdminOptions {
  /** The address to listen on. Any but loopback needs a `token` of 32 characters or more. Default `127.0.0.1`. */
  readonly host?: string;
  /** Default 9464. 0 takes a free one, which `url` of the server says. */
  readonly port?: number;
  /** What changes, and reading too, then take as `Authorization: Bearer`: a text or a file that holds it. Default: KC_ADMIN_TOKEN; without any, reading only. */
  readonly token?: string | { readonly file: string };
  /** The same for reading alone, for those who look and change nothing. */
  readonly readToken?: string | { readonly file: string };
  /** Names that requests may have as their `Host` besides loopback and the address that they were sent to: that of a proxy or service in front. */
  readonly allowedHosts?: readonly string[];
  /**
   * A second address that serves `/livez`, `/readyz` and `/metrics` and nothing else, without a token: for probes and scrapes from other machines.
   * Default: none; the first address serves them.
   */
  readonly expose?: { readonly host: string; readonly port: number };
  /** Lets `peek` show records. Default false: the route is not there. */
  readonly allowPayload?: boolean;
  /** A logger whose `level` may be asked and set, such as pino's. Default: none. */
  readonly logger?: { level: string };
  /** Tells the time. Default: the machine's. */
  readonly clock?: Clock;
}

const NAMES: OptionNames<AdminOptions & ShownOptions> = {
  ...SHOWN,
  host: true,
  port: true,
  token: { file: "required" },
  readToken: { file: "required" },
  allowedHosts: true,
  expose: { host: "required", port: "required" },
  allowPayload: true,
  logger: true,
  clock: true,
};

/** `AdminOptions`, checked and complete. */
export interface AdminSettings {
  readonly address: Address;
  readonly exposed: Address | undefined;
  readonly access: AccessRules;
  readonly allowPayload: boolean;
  readonly logger: { level: string } | undefined;
  readonly clock: Clock;
}

const DEFAULT_HOST = "127.0.0.1";

/** The port of OpenTelemetry's Prometheus exporters, which scrapers look at first. */
const DEFAULT_PORT = 9464;

const MIN_TOKEN_LENGTH = 32;

/**
 * Checks the options before anything is started.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option and what it takes
 */
export function adminSettings(options: AdminOptions & ShownOptions): AdminSettings {
  checkOptions("startAdmin", options, NAMES);
  const host = hostOf("host", options.host ?? DEFAULT_HOST);
  const access: AccessRules = {
    token: tokenOf("token", options.token ?? environmentToken()),
    readToken: tokenOf("readToken", options.readToken),
    allowedHosts: allowedHostsOf(options.allowedHosts),
  };
  if (!isLoopback(host)) requireLongTokens(host, access);
  const { expose, logger } = options;
  if (logger !== undefined && typeof logger.level !== "string")
    throw invalidOption("logger must be a logger whose level is a text, such as pino's");
  return {
    address: { host, port: portOf("port", options.port ?? DEFAULT_PORT), option: "port" },
    exposed: expose && {
      host: hostOf("expose.host", expose.host),
      port: portOf("expose.port", expose.port),
      option: "expose.port",
    },
    access,
    allowPayload: options.allowPayload === true,
    logger,
    clock: options.clock ?? systemClock,
  };
}

function requireLongTokens(host: string, { token, readToken }: AccessRules): void {
  if (token === undefined || token.length < MIN_TOKEN_LENGTH)
    throw invalidOption(
      `host ${host} is reached from other machines: give token as well, with ${MIN_TOKEN_LENGTH} characters or more, or leave host out for loopback`,
    );
  if (readToken !== undefined && readToken.length < MIN_TOKEN_LENGTH)
    throw invalidOption(
      `readToken must have ${MIN_TOKEN_LENGTH} characters or more where host is not loopback`,
    );
}

function hostOf(option: string, host: string): string {
  const given = nonEmptyText(option, host)
    .toLowerCase()
    .replace(/^\[(.*)\]$/, "$1");
  if (isIPv6(given) || /^[a-z0-9_.-]{1,253}$/.test(given)) return given;
  throw invalidOption(`${option} must be an address or a name to listen on, without a port`);
}

function portOf(option: string, port: number): number {
  return wholeNumber(option, port, { min: 0, max: 65_535 });
}

function environmentToken(): string | undefined {
  const token = process.env["KC_ADMIN_TOKEN"];
  return token === "" ? undefined : token;
}

function tokenOf(option: string, given: string | { readonly file: string } | undefined): string | undefined {
  if (given === undefined) return undefined;
  const token = typeof given === "object" ? tokenIn(option, given) : given;
  // What a header can hold as one word.
  if (typeof token === "string" && /^[\x21-\x7e]{1,4096}$/.test(token)) return token;
  throw invalidOption(`${option} must be a text of letters, digits and signs without blanks`);
}

function tokenIn(option: string, given: { readonly file: string }): string {
  const file = nonEmptyText(`${option}.file`, given.file);
  try {
    return readFileSync(file, "utf8").trim();
  } catch (thrown) {
    const { error } = errorFields(asError(thrown));
    throw invalidOption(`${option}.file cannot be read (${error}): name a file that holds the token`);
  }
}

function allowedHostsOf(names: readonly string[] | undefined): readonly string[] {
  if (names === undefined) return [];
  if (!Array.isArray(names)) throw invalidOption("allowedHosts must be an array of names");
  return names.map((name, index) => hostOf(`allowedHosts[${index}]`, name));
}
