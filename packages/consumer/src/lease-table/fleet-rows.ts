import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import type { LeaderLock, ModeChange, WorkerMeasures, WorkerReport } from "@kinesis-connectors/leases";
import type { LeaseRow } from "./lease-row.js";

/** Keys of the rows by which a fleet coordinates itself (amazon-kinesis-client `CoordinatorState`). */
export const COORDINATOR_KEY = {
  mode: "Migration3.0",
  tableMigration: "TableMigration3.5",
  leader: "Leader",
} as const;

/** What KCL 3.5 says of rows beside leases (`EntityType`); earlier ones pass over it. */
export const ENTITY = {
  mode: "CLIENT_VERSION_MIGRATION",
  leader: "LEADER",
  report: "WORKER_METRIC_STATS",
} as const;

/** The index of leases by their owner, which KCL 3.x workers create. */
export const OWNER_INDEX = "LeaseOwnerToLeaseKeyIndex";

// KCL `MigrationState`: MAX_HISTORY_ENTRIES.
const MAX_HISTORY = 10;

/** `recordVersionNumber` and so on: names of amazon-dynamodb-lock-client. */
export const LOCK = {
  owner: "ownerName",
  lease: "leaseDuration",
  version: "recordVersionNumber",
  released: "isReleased",
} as const;

// KCL `DynamoDBLockBasedLeaderDecider`: DEFAULT_LEASE_DURATION_MILLIS.
const KCL_LEASE_MS = 120_000;
/** Nobody's lock counts for longer, whatever its row says: no leader would ever follow on it. */
const MAX_LEASE_MS = 5 * KCL_LEASE_MS;

/**
 * The lock that a row `Leader` holds. A row without a version, which somebody spoiled, is a lock whose version is "": it runs out like that of a leader
 * that died.
 */
export function lockOf(row: LeaseRow | undefined): LeaderLock | undefined {
  if (row === undefined) return undefined;
  const leaseMs = Number(row[LOCK.lease]?.S ?? Number.NaN);
  return {
    ownerId: row[LOCK.owner]?.S ?? "",
    version: row[LOCK.version]?.S ?? "",
    // The KCL's own; a row that does not say how long it counts must not count for nothing.
    leaseMs: Number.isFinite(leaseMs) && leaseMs > 0 ? Math.min(leaseMs, MAX_LEASE_MS) : KCL_LEASE_MS,
    isReleased: row[LOCK.released] !== undefined,
  };
}

/** The row of a lock, without its key. */
export function lockRow({ ownerId, version, leaseMs }: LeaderLock): Record<string, AttributeValue> {
  return {
    [LOCK.owner]: { S: ownerId },
    [LOCK.lease]: { S: `${leaseMs}` },
    [LOCK.version]: { S: version },
    entityType: { S: ENTITY.leader },
  };
}

/** The report that a row holds; undefined where it is none. */
export function reportOf(
  row: LeaseRow,
  { key, place }: { readonly key: string; readonly place: WorkerReport["place"] },
): WorkerReport | undefined {
  const workerId = row[key]?.S;
  if (workerId === undefined) return undefined;
  const metrics: Record<string, readonly number[]> = {};
  for (const [name, { L }] of Object.entries(row["sts"]?.M ?? {}))
    metrics[name] = (L ?? []).map(({ N }) => Number(N));
  const limits: Record<string, number> = {};
  for (const [name, { L }] of Object.entries(row["opr"]?.M ?? {})) limits[name] = Number(L?.[0]?.N ?? 0);
  const updated = row["lut"]?.N;
  return {
    workerId,
    updatedS: updated === undefined ? undefined : Number(updated),
    metrics,
    limits,
    isOurs: row["kcWorker"] !== undefined,
    place,
  };
}

/**
 * What a worker of ours reports, as an update of its row. Where it measures nothing, leaders balance it by the throughput of its leases. It says nothing of what it understands (`sup`): a fleet with one of ours in it does not begin to move into one table, which ours could not drive.
 */
export function reportUpdate(
  updatedS: number,
  { metrics, limits }: WorkerMeasures = { metrics: {}, limits: {} },
): {
  readonly UpdateExpression: string;
  readonly ExpressionAttributeNames: Record<string, string>;
  readonly ExpressionAttributeValues: Record<string, AttributeValue>;
} {
  return {
    UpdateExpression: "SET #lut = :lut, #sts = :sts, #opr = :opr, #type = :type, #ours = :ours",
    ExpressionAttributeNames: {
      "#lut": "lut",
      "#sts": "sts",
      "#opr": "opr",
      "#type": "entityType",
      "#ours": "kcWorker",
    },
    ExpressionAttributeValues: {
      ":lut": { N: `${updatedS}` },
      ":sts": { M: listsOf(metrics) },
      // A list as the KCL has it: the first is the limit.
      ":opr": { M: listsOf(mapped(limits, (limit) => [limit])) },
      ":type": { S: ENTITY.report },
      ":ours": { N: "1" },
    },
  };
}

function listsOf(lists: Readonly<Record<string, readonly number[]>>): Record<string, AttributeValue> {
  return mapped(lists, (numbers) => ({ L: numbers.map((number) => ({ N: String(number) })) }));
}

function mapped<From, To>(of: Readonly<Record<string, From>>, to: (from: From) => To): Record<string, To> {
  return Object.fromEntries(Object.entries(of).map(([name, from]) => [name, to(from)]));
}

/** The row `Migration3.0` after a change, without its key; what it said before goes into its history. */
export function modeRow(before: LeaseRow | undefined, change: ModeChange): Record<string, AttributeValue> {
  const history = [...(before?.["h"]?.L ?? [])];
  const entry: Record<string, AttributeValue> = {};
  for (const name of ["cv", "mb", "mts"]) {
    const value = before?.[name];
    if (value !== undefined) entry[name] = value;
  }
  if (before !== undefined) history.unshift({ M: entry });
  return {
    cv: { S: change.to },
    mb: { S: change.by },
    mts: { N: `${Math.floor(change.nowMs)}` },
    ...(history.length === 0 ? {} : { h: { L: history.slice(0, MAX_HISTORY) } }),
    entityType: { S: ENTITY.mode },
  };
}
