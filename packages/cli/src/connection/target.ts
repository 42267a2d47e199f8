import { join } from "node:path";
import type { ProxyOption } from "@kinesis-connectors/aws";
import type { GivenCredentials } from "./credentials.js";
import { CliError } from "../app/errors.js";
import type { CliContext } from "../app/context.js";
import type { ConnectionFlags, FleetFlags } from "../app/flags.js";
import type { FromFile, GivenStore } from "./from-file.js";

/** The way to AWS, out of flags and configuration. */
export interface Where {
  readonly region: string | undefined;
  readonly endpointKinesis: string | undefined;
  readonly endpointDynamodb: string | undefined;
  readonly allowInsecure: boolean;
  /** As a file gives them. Default: where the SDK looks for them. */
  readonly credentials?: GivenCredentials;
  readonly proxy?: ProxyOption | undefined;
}

/** Whose leases are looked at, and where they are. */
export interface Target extends Where {
  readonly application: string;
  /** In DynamoDB; or the other store, as it may be shown. */
  readonly tableName: string;
  /** Undefined for DynamoDB. */
  readonly store?: GivenStore | undefined;
  /** Name or ARN, where the configuration says it; rows of ours say it too. */
  readonly stream: string | undefined;
  readonly failoverTimeMs: number | undefined;
  /** Type of the emitter, where a file says it. */
  readonly emitter?: string | undefined;
}

/** Names of tables as DynamoDB takes them (developer guide, "Naming rules"). */
export const TABLE_NAME: RegExp = /^[A-Za-z0-9_.-]{3,255}$/;

/** The way to AWS: a flag goes before the file. */
export async function whereOf(context: CliContext, flags: ConnectionFlags): Promise<Where> {
  return wayOf(flags, await fileOf(context, flags));
}

/**
 * The application that a command is about, and the way to its leases.
 * @throws CliError `KC_USAGE` where neither the command line nor a file names the application
 */
export async function targetOf(
  context: CliContext,
  flags: FleetFlags,
  application: string | undefined,
): Promise<Target> {
  const file = await fileOf(context, flags);
  const name = application ?? file.application;
  if (name === undefined)
    throw new CliError(
      "KC_USAGE",
      "no application is named: give APP, or --config with a file that names it",
    );
  const store = storeOf(context, flags, application === undefined ? file : {});
  const inFile = application === undefined ? file.leaseTable : undefined;
  const tableName = store === undefined ? (flags.leaseTable ?? inFile ?? name) : shownStore(store);
  if (store === undefined && !TABLE_NAME.test(tableName))
    throw new CliError(
      "KC_USAGE",
      `no lease table can be called ${JSON.stringify(tableName.slice(0, 300))}: a name has 3 to 255 letters, digits, '_', '.' or '-'; ` +
        "check APP, or give --lease-table",
    );
  return {
    ...wayOf(flags, file),
    application: name,
    tableName,
    store,
    stream: file.application === name ? file.stream : undefined,
    failoverTimeMs: file.failoverTimeMs,
    emitter: file.application === name ? file.emitter : undefined,
  };
}

/** The store that a flag names, or else the file. */
function storeOf(
  { cwd }: CliContext,
  { leaseTable }: FleetFlags,
  { leaseStore }: FromFile,
): GivenStore | undefined {
  if (leaseTable === undefined) return leaseStore;
  return leaseTable.includes("://") ? { url: leaseTable, beside: join(cwd, "command") } : undefined;
}

/** Without user and password. */
function shownStore({ url, table }: GivenStore): string {
  if (!URL.canParse(url)) return "a store";
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}${table === undefined ? "" : ` ${table}`}`;
}

/** The leases of a table, where nothing but its name is known: that of its application. */
export function targetOfTable(where: Where, tableName: string): Target {
  return { ...where, application: tableName, tableName, stream: undefined, failoverTimeMs: undefined };
}

/** The stream that a configuration file names. */
export async function streamInFile(context: CliContext, flags: ConnectionFlags): Promise<string | undefined> {
  return (await fileOf(context, flags)).stream;
}

function wayOf(flags: ConnectionFlags, file: FromFile): Where {
  // Every client of this process, also those that a destination makes for itself, finds its credentials by it.
  if (flags.profile !== undefined) process.env["AWS_PROFILE"] = flags.profile;
  return {
    region: flags.region ?? file.region,
    endpointKinesis: flags.endpointKinesis ?? file.endpointKinesis,
    endpointDynamodb: flags.endpointDynamodb ?? file.endpointDynamodb,
    allowInsecure: flags.allowInsecure || file.allowInsecure === true,
    // Another profile than the file's account: then that is meant.
    ...(flags.profile === undefined ? { credentials: file.credentials } : {}),
    proxy: file.proxy,
  };
}

async function fileOf(context: CliContext, flags: ConnectionFlags): Promise<FromFile> {
  if (flags.config === undefined) return {};
  const { connectionOf } = await import("./connection-of.js");
  return connectionOf(context, flags.config);
}
