import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { dynamoDbLeaseTable } from "@kinesis-connectors/consumer";
import { silentLogger } from "@kinesis-connectors/core";
import type { CliContext } from "../app/context.js";
import { asCliError } from "../app/as-cli-error.js";
import { EXIT, shownError } from "../app/errors.js";
import type { FleetFlags } from "../app/flags.js";
import { toDynamoDb } from "../connection/aws.js";
import { dynamoDbSdk } from "../connection/load-sdk.js";
import { type Target, targetOf, type Where, whereOf } from "../connection/target.js";
import { readFleet } from "../fleet/read-fleet.js";
import { isLeaseKey, keyOf, LEASE_KEY } from "../fleet/lease-tables.js";
import { tableLines } from "../output/table.js";
import { shownDuration } from "../output/time.js";

export interface DoctorFlags extends FleetFlags {
  readonly json: boolean;
}

/** One thing that was looked at. */
interface Finding {
  readonly what: string;
  readonly state: "ok" | "warning" | "wrong";
  /** What was found, and what to do about it. */
  readonly found: string;
}

const LEAST_NODE = [20, 19] as const;
/** AWS refuses signatures that are 5 minutes off; the clients correct themselves, but what is stamped here stays wrong. */
const SKEW_WRONG_MS = 300_000;
const SKEW_WARNING_MS = 5_000;
const SCOPE = "@kinesis-connectors";

/** `doctor [APP]`. */
export async function doctor(context: CliContext, flags: DoctorFlags, app?: string): Promise<void> {
  const hasTarget = app !== undefined || flags.config !== undefined;
  const target: Target | undefined = hasTarget ? await targetOf(context, flags, app) : undefined;
  const where: Where = target ?? (await whereOf(context, flags));
  const findings: Finding[] = [nodeFinding(process.versions.node), packagesFinding(context.cwd)];
  const connection = toDynamoDb(where);
  try {
    await connection.checkEndpoint();
    const client = await connection.made();
    findings.push(...(await awsFindings(context, client)));
    if (target !== undefined && target.store === undefined)
      findings.push(...(await tableFindings(context, client, target)));
  } catch (thrown) {
    context.signal.throwIfAborted();
    findings.push({ what: "endpoint", state: "wrong", found: foundOf(thrown) });
  } finally {
    connection.close();
  }
  if (target?.store !== undefined) findings.push(await storeFinding(context, target));
  context.signal.throwIfAborted();
  print(context, flags, findings);
  if (findings.some(({ state }) => state === "wrong")) context.exitWith(EXIT.failed);
}

function print({ out }: CliContext, { json }: DoctorFlags, findings: readonly Finding[]): void {
  if (json) {
    out.json({ findings });
    return;
  }
  const rows = findings.map(({ what, state, found }) => [
    what,
    state === "ok" ? state : out.warn(state),
    found,
  ]);
  for (const line of tableLines([{ title: "WHAT" }, { title: "STATE" }, { title: "FOUND" }], rows))
    out.line(line);
}

/** What was said, and how it is mended where that is known. */
function foundOf(thrown: unknown): string {
  return shownError(asCliError(thrown)).message;
}

function nodeFinding(version: string): Finding {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [leastMajor, leastMinor] = LEAST_NODE;
  const isOld = major < leastMajor || (major === leastMajor && minor < leastMinor);
  return {
    what: "node",
    state: isOld ? "wrong" : "ok",
    found: isOld ? `${version}: at least ${leastMajor}.${leastMinor} is needed` : version,
  };
}

/** Versions of what is installed in the folder, or in one above it. */
function packagesFinding(cwd: string): Finding {
  const versions: string[] = [];
  for (let folder = cwd; ; folder = dirname(folder)) {
    const scope = join(folder, "node_modules", SCOPE);
    if (existsSync(scope)) {
      for (const name of readdirSync(scope).toSorted())
        versions.push(`${name} ${versionIn(join(scope, name))}`);
      break;
    }
    if (dirname(folder) === folder) break;
  }
  return {
    what: "packages",
    state: versions.length === 0 ? "warning" : "ok",
    found: versions.length === 0 ? `none of ${SCOPE} is installed here` : versions.join(", "),
  };
}

function versionIn(folder: string): string {
  try {
    const text = readFileSync(join(folder, "package.json"), "utf8");
    return (JSON.parse(text) as { readonly version?: string }).version ?? "?";
  } catch {
    return "?";
  }
}

async function awsFindings(context: CliContext, client: DynamoDBClient): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const stamps = watchDates(client, context);
  try {
    findings.push({ what: "region", state: "ok", found: await client.config.region() });
    const { accountId } = await client.config.credentials();
    findings.push({
      what: "identity",
      state: "ok",
      found: `account ${accountId ?? "not known before a call"}`,
    });
  } catch (thrown) {
    findings.push({ what: "identity", state: "wrong", found: foundOf(thrown) });
    return findings;
  }
  try {
    const { ListTablesCommand } = await dynamoDbSdk();
    await client.send(new ListTablesCommand({ Limit: 1 }), { abortSignal: context.signal });
    findings.push({ what: "dynamodb", state: "ok", found: "answers" });
  } catch (thrown) {
    context.signal.throwIfAborted();
    const { name } = thrown instanceof Error ? thrown : { name: "" };
    // Whoever runs connectors need not be allowed to list tables: it answers all the same.
    if (name === "AccessDeniedException")
      findings.push({ what: "dynamodb", state: "ok", found: "answers; dynamodb:ListTables is not allowed" });
    else findings.push({ what: "dynamodb", state: "wrong", found: `${name}: ${foundOf(thrown)}` });
  }
  findings.push(skewFinding(stamps.skewMs()));
  return findings;
}

function skewFinding(skewMs: number | undefined): Finding {
  if (skewMs === undefined) return { what: "clock", state: "warning", found: "no answer said its time" };
  const size = Math.abs(skewMs);
  const way = skewMs > 0 ? "ahead of" : "behind";
  if (size < SKEW_WARNING_MS) return { what: "clock", state: "ok", found: "within 5 s of AWS" };
  return {
    what: "clock",
    state: size >= SKEW_WRONG_MS ? "wrong" : "warning",
    found: `this machine is ${shownDuration(size)} ${way} AWS: set it by NTP`,
  };
}

/** Compares the Date header of each answer with this machine's clock. It has whole seconds: half a second is added. */
function watchDates(
  client: DynamoDBClient,
  { clock }: CliContext,
): { readonly skewMs: () => number | undefined } {
  let skewMs: number | undefined;
  client.middlewareStack.add(
    (next) => async (args) => {
      const answer = await next(args);
      const { headers } = answer.response as { readonly headers?: Readonly<Record<string, string>> };
      const date = Date.parse(headers?.["date"] ?? "");
      if (!Number.isNaN(date)) skewMs = clock.now() - (date + 500);
      return answer;
    },
    { step: "deserialize", priority: "low", name: "kinesisConnectorsDate" },
  );
  return { skewMs: () => skewMs };
}

/** Leases beside DynamoDB: whether they can be listed. */
async function storeFinding(context: CliContext, target: Target): Promise<Finding> {
  try {
    const { leases, tableName } = await readFleet(context, target);
    return { what: "lease table", state: "ok", found: `${tableName} has ${leases.length} leases` };
  } catch (thrown) {
    context.signal.throwIfAborted();
    return { what: "lease table", state: "wrong", found: foundOf(thrown) };
  }
}

async function tableFindings(
  context: CliContext,
  client: DynamoDBClient,
  { tableName }: Target,
): Promise<readonly Finding[]> {
  const { clock, random, signal } = context;
  try {
    const { DescribeTableCommand } = await dynamoDbSdk();
    const { Table } = await client.send(new DescribeTableCommand({ TableName: tableName }), {
      abortSignal: signal,
    });
    const key = keyOf(Table);
    const isLeaseTable = isLeaseKey(key);
    const account = /^arn:[^:]*:dynamodb:[^:]*:(\d{12}):/.exec(Table?.TableArn ?? "")?.[1];
    const table = dynamoDbLeaseTable({ tableName, client, clock, random, logger: silentLogger });
    const mode = isLeaseTable ? await table.fleetMode() : undefined;
    return [
      {
        what: "lease table",
        state: isLeaseTable ? "ok" : "wrong",
        found: isLeaseTable
          ? `${tableName} is ${Table?.TableStatus ?? "?"}, of account ${account ?? "?"}`
          : `the key of ${tableName} is ${key.join(", ")}, and that of a lease table ${LEASE_KEY} alone: choose another application`,
      },
      {
        what: "fleet mode",
        state: "ok",
        found: mode === undefined ? "that of KCL 2.x: every worker takes its own leases" : mode,
      },
    ];
  } catch (thrown) {
    signal.throwIfAborted();
    const { name } = thrown instanceof Error ? thrown : { name: "" };
    const found =
      name === "ResourceNotFoundException"
        ? `there is no table ${tableName}: the first worker creates it, or it lies in another region`
        : `${name}: ${foundOf(thrown)}`;
    return [{ what: "lease table", state: "wrong", found }];
  }
}
