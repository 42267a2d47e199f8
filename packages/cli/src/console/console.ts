import { randomBytes } from "node:crypto";
import { type ConsoleApplication, consoleProblem, startConsole } from "@kinesis-connectors/admin";
import { checkedEndpoint } from "@kinesis-connectors/aws";
import { dynamoDbLeaseTable } from "@kinesis-connectors/consumer";
import { type Logger, silentLogger, sleep } from "@kinesis-connectors/core";
import type { LeaseTable } from "@kinesis-connectors/leases";
import type { CliContext } from "../app/context.js";
import { CliError } from "../app/errors.js";
import type { FleetFlags } from "../app/flags.js";
import { toDynamoDb } from "../connection/aws.js";
import { leaseTablesOf } from "../fleet/lease-tables.js";
import { readFleet } from "../fleet/read-fleet.js";
import { type Target, targetOf, targetOfTable, whereOf } from "../connection/target.js";
import { failoverTimeMsOf } from "../fleet/failover-time.js";
import { tokenOf } from "../process/token.js";
import { keepRows } from "../steering/backup-file.js";
import { whoami } from "../steering/by.js";

export interface ConsoleFlags extends FleetFlags {
  readonly json: boolean;
  readonly failoverTime?: number;
  readonly connect?: readonly string[];
  readonly tokenFile?: string;
  readonly allowChanges: boolean;
  readonly port: number;
  readonly backupDir: string;
}

/**
 * `console [APP]`.
 * @throws CliError `KC_NOT_FOUND` where there is no page to show, or no lease table of APP
 */
export async function consoleServer(context: CliContext, flags: ConsoleFlags, app?: string): Promise<void> {
  const { out, clock, signal } = context;
  const targets = await targetsOf(context, flags, app);
  const problem = await consoleProblem();
  if (problem !== undefined) throw new CliError("KC_NOT_FOUND", `there is no page to show: ${problem}`);
  const processes = (flags.connect ?? []).map((url) => ({
    url: checkedEndpoint(url, flags.allowInsecure, "--connect").href,
    token: tokenOf(context, flags),
  }));
  const opened = await Promise.all(targets.map((target) => applicationOf(context, flags, target)));
  const token = randomBytes(24).toString("base64url");
  const server = await startConsole(new Map(opened.map(({ name, application }) => [name, application])), {
    token,
    allowChanges: flags.allowChanges,
    processes,
    port: flags.port,
    by: whoami(),
    clock,
  });
  try {
    const url = `${server.url}/#token=${token}`;
    const applications = targets.map(({ application }) => application);
    if (flags.json) out.json({ url, applications, allowChanges: flags.allowChanges });
    else {
      out.line(url);
      out.note(
        `${applications.join(", ")}: ${flags.allowChanges ? "may be paused, resumed and reset there" : "read-only; --allow-changes lets it pause, resume and reset"}. Ctrl-C ends it`,
      );
    }
    await new Promise<void>((over) => {
      if (signal.aborted) over();
      signal.addEventListener("abort", () => over(), { once: true });
    });
  } finally {
    await server.close();
    for (const { close } of opened) close();
  }
}

async function targetsOf(
  context: CliContext,
  flags: ConsoleFlags,
  app: string | undefined,
): Promise<readonly Target[]> {
  if (app !== undefined || flags.config !== undefined) {
    const target = await targetOf(context, flags, app);
    await requireTable(context, target);
    return [target];
  }
  const where = await whereOf(context, flags);
  const { tables } = await leaseTablesOf(context, where);
  if (tables.length === 0)
    throw new CliError(
      "KC_NOT_FOUND",
      "there is no lease table in this region: name APP, or check --region and --endpoint-dynamodb",
    );
  return tables.map((name) => targetOfTable(where, name));
}

/** How long a table may take to say that it is there; after that the page tells what is the matter. */
const LOOK_MS = 3_000;

/**
 * Where the table cannot be reached just now, the page shows so and goes on looking; one that is missing is a name that was mistyped, or too early.
 * @throws CliError `KC_NOT_FOUND`
 */
async function requireTable(context: CliContext, target: Target): Promise<void> {
  const late = new AbortController();
  const found = new AbortController();
  void sleep(context.clock, LOOK_MS, found.signal).then(() => late.abort());
  try {
    await readFleet({ ...context, signal: AbortSignal.any([context.signal, late.signal]) }, target);
  } catch (thrown) {
    context.signal.throwIfAborted();
    if (thrown instanceof CliError) throw thrown;
  } finally {
    found.abort();
  }
}

interface OpenApplication {
  readonly name: string;
  readonly application: ConsoleApplication;
  readonly close: () => void;
}

/** How long a call that had to be repeated speaks for the state of the table. */
const RETRY_TOLD_MS = 20_000;

async function applicationOf(
  context: CliContext,
  flags: ConsoleFlags,
  target: Target,
): Promise<OpenApplication> {
  const { clock } = context;
  const { tableName, stream } = target;
  let retry: { readonly error: string; readonly atMs: number } | undefined;
  const note = (fields: object): void => {
    if ("error" in fields && typeof fields.error === "string")
      retry = { error: fields.error, atMs: clock.monotonicNow() };
  };
  // The table repeats what is throttled by itself, and tells of it by its log alone.
  const logger: Logger = { ...silentLogger, debug: note, warn: note };
  const { table, close } = await tableOf(context, target, logger);
  return {
    name: target.application,
    application: {
      table,
      tableName,
      stream,
      failoverTimeMs: failoverTimeMsOf(flags, target),
      keepRows: async () => (await keepRows(context, { table, target }, flags.backupDir)).file,
      lastRetry: () =>
        retry !== undefined && clock.monotonicNow() - retry.atMs < RETRY_TOLD_MS ? retry.error : undefined,
    },
    close,
  };
}

async function tableOf(
  { clock, random }: CliContext,
  target: Target,
  logger: Logger,
): Promise<{ readonly table: LeaseTable; readonly close: () => void }> {
  const { tableName, application, store } = target;
  if (store !== undefined) {
    const { leaseTableAt } = await import("@kinesis-connectors/config");
    const table = await leaseTableAt(
      { url: store.url, table: store.table, application, logger },
      store.beside,
    );
    return { table, close: () => table.close?.() };
  }
  const connection = toDynamoDb(target);
  await connection.checkEndpoint();
  const table = dynamoDbLeaseTable({ tableName, client: await connection.made(), clock, random, logger });
  return { table, close: () => connection.close() };
}
