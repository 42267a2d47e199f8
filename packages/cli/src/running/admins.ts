import { type Admin, type AdminConnector, startAdmin } from "@kinesis-connectors/admin";
import type { LoadedConfig } from "@kinesis-connectors/config";
import { type Connector, dynamoDbLeaseTable, sdkKinesis } from "@kinesis-connectors/consumer";
import { hasCode } from "@kinesis-connectors/core";
import type { CliContext } from "../app/context.js";
import { CliError } from "../app/errors.js";
import { nameOf } from "../connection/stream-name.js";
import { toDynamoDb, toKinesis } from "../connection/aws.js";
import type { Where } from "../connection/target.js";
import { DEFAULT_HOST, DEFAULT_PORT } from "../process/default-address.js";
import type { LevelledLogger } from "./json-logger.js";
import type { Measured } from "./telemetry.js";

/** Options of the server at the beginning of what is said of them. */
const OPTION = /^(?:host|port|expose|token|readToken|allowedHosts)\b/;

type AdminSection = NonNullable<LoadedConfig["admin"]>;

/**
 * Connectors of one process that name the same address share its server: then they must say the same of it.
 * @throws CliError `KC_USAGE`
 */
export function checkAdmins(configs: readonly LoadedConfig[]): void {
  const byAddress = new Map<string, { readonly application: string; readonly text: string }>();
  for (const { application, admin } of configs) {
    if (admin === undefined) continue;
    const text = JSON.stringify(serverOptions(admin));
    const other = byAddress.get(addressOf(admin));
    if (other !== undefined && other.text !== text)
      throw new CliError(
        "KC_USAGE",
        `${other.application} and ${application} name the same address in admin and say different things of it: give both the same, or another port`,
      );
    byAddress.set(addressOf(admin), { application, text });
  }
}

/** The servers of all connectors, one for each address. */
export async function startAdmins(
  context: CliContext,
  running: readonly {
    readonly config: LoadedConfig;
    readonly connector: Connector;
    readonly telemetry: Measured;
  }[],
  logger: LevelledLogger,
): Promise<readonly Admin[]> {
  const groups = new Map<
    string,
    { readonly admin: AdminSection; readonly connectors: Map<string, AdminConnector> }
  >();
  for (const { config, connector, telemetry } of running) {
    const { admin, application } = config;
    if (admin === undefined) continue;
    const group = groups.get(addressOf(admin)) ?? { admin, connectors: new Map<string, AdminConnector>() };
    group.connectors.set(application, await shownOf(context, config, connector, telemetry, logger));
    groups.set(addressOf(admin), group);
  }
  const admins: Admin[] = [];
  try {
    for (const { admin, connectors } of groups.values()) {
      const started = await startAdmin(connectors, { ...serverOptions(admin), logger });
      admins.push(started);
      logger.info({ url: started.url, exposedUrl: started.exposedUrl }, "admin server started");
    }
    return admins;
  } catch (thrown) {
    for (const admin of admins) await admin.close();
    throw ofTheFile(thrown);
  }
}

/** What the server calls an option stands below `admin` in the file. */
function ofTheFile(thrown: unknown): unknown {
  if (!hasCode(thrown, "KC_OPTION_INVALID") || !OPTION.test(thrown.message)) return thrown;
  return new CliError("KC_OPTION_INVALID", `admin.${thrown.message}`, { cause: thrown });
}

/** A port of 0 is a free one, so each is another. */
function addressOf({ host = DEFAULT_HOST, port = DEFAULT_PORT }: AdminSection): string {
  return `${host}:${port}`;
}

function serverOptions({ rules: _ofOneConnector, ...admin }: AdminSection) {
  return admin;
}

async function shownOf(
  { clock, random }: CliContext,
  { options, admin, telemetry, redacted, application }: LoadedConfig,
  connector: Connector,
  { metrics }: Measured,
  logger: LevelledLogger,
): Promise<AdminConnector> {
  const where: Where = {
    region: options.region,
    endpointKinesis: options.endpoints?.kinesis,
    endpointDynamodb: options.endpoints?.dynamodb,
    allowInsecure: options.allowInsecure === true,
    credentials: options.credentials,
    proxy: options.proxy,
  };
  const { leaseTable } = options;
  const stream = options.streamArn ?? options.stream;
  return {
    connector,
    ...(telemetry?.prometheus === false ? {} : { metrics }),
    ...(admin?.rules === undefined ? {} : { rules: admin.rules }),
    config: redacted as object,
    steering: {
      table:
        typeof leaseTable === "object"
          ? leaseTable
          : dynamoDbLeaseTable({
              tableName: leaseTable ?? application,
              client: await toDynamoDb(where).made(),
              clock,
              random,
              logger,
            }),
    },
    ...(admin?.allowPayload === true && stream !== undefined
      ? { kinesis: sdkKinesis(await toKinesis(where).made(), nameOf(stream)) }
      : {}),
  };
}
