import { type Lease, ownerKindOf } from "@kinesis-connectors/leases";
import type { CliContext } from "../app/context.js";
import type { FleetFlags, OutputFlags } from "../app/flags.js";
import { shortOwner, shortPosition, shortShard } from "../output/short.js";
import { tableLines } from "../output/table.js";
import { shownMoment } from "../output/time.js";
import { type Row, shownCost } from "./cost.js";
import { shownForeign } from "./foreign-rows.js";
import { type Fleet, readFleet } from "./read-fleet.js";
import { plainCheckpoint } from "./plain-checkpoint.js";
import { targetOf } from "../connection/target.js";

export interface LeasesFlags extends FleetFlags, OutputFlags {
  readonly raw: boolean;
}

/** Who wrote a row, as far as its attributes tell. */
export type Writer = "ours" | "kcl" | "kcl 3" | "kcl 3 handoff" | "nobody yet";

/** `leases APP`. */
export async function leases(context: CliContext, flags: LeasesFlags, app?: string): Promise<void> {
  const fleet = await readFleet(context, await targetOf(context, flags, app));
  if (flags.raw) printRaw(context, fleet, flags.json);
  else if (flags.json)
    context.out.json({
      application: fleet.application,
      leaseTable: fleet.tableName,
      leases: fleet.leases.map((lease) => ({
        ...plainLease(lease),
        writer: writerOf(lease, rowOf(fleet, lease)),
      })),
      foreign: fleet.foreign,
      cost: fleet.cost,
    });
  else printTable(context, fleet, flags.utc);
}

/** A lease as data: bytes as base64, what is not there as null. */
export function plainLease(lease: Lease): Readonly<Record<string, unknown>> {
  const { checkpoint, pending } = lease;
  return {
    leaseKey: lease.leaseKey,
    owner: lease.owner ?? null,
    checkpointOwner: lease.checkpointOwner ?? null,
    protocolOwner: lease.protocolOwner ?? null,
    counter: lease.counter,
    ownerSwitches: lease.ownerSwitches,
    ...plainCheckpoint(checkpoint),
    hasPending: pending !== undefined,
    parentShardIds: lease.parentShardIds,
    childShardIds: lease.childShardIds,
    hashKeyRange: lease.hashKeyRange ?? null,
    startTimestampMs: lease.startTimestampMs ?? null,
    readThroughMs: lease.readThroughMs ?? null,
    streamArn: lease.stream?.streamArn ?? null,
  };
}

/** Who wrote a row last: `kcOwner` is ours; `checkpointOwner`, `throughputKBps` and `entityType` come with KCL 3.x only. */
export function writerOf(lease: Lease, row: Row | undefined): Writer {
  if (lease.checkpointOwner !== undefined) return "kcl 3 handoff";
  const kind = ownerKindOf(lease);
  if (kind === "ours") return "ours";
  const isOfKcl3 = row?.["throughputKBps"] !== undefined || row?.["entityType"] !== undefined;
  if (kind === "kcl") return isOfKcl3 ? "kcl 3" : "kcl";
  if (lease.protocolOwner !== undefined || lease.stream !== undefined) return "ours";
  if (isOfKcl3) return "kcl 3";
  return lease.counter === 0 ? "nobody yet" : "kcl";
}

function printTable({ out }: CliContext, fleet: Fleet, utc: boolean): void {
  const { nowMs } = fleet;
  const columns = [
    { title: "LEASE" },
    { title: "WRITER" },
    { title: "OWNER" },
    { title: "COUNTER", isNumber: true },
    { title: "SWITCHES", isNumber: true },
    { title: "CHECKPOINT" },
    { title: "DELIVERED" },
    { title: "PARENTS" },
    { title: "CHILDREN" },
  ];
  const rows = fleet.leases.map((lease) => {
    const { checkpoint, subSequenceNumber } = plainCheckpoint(lease.checkpoint);
    return [
      lease.leaseKey,
      writerOf(lease, rowOf(fleet, lease)),
      lease.owner === undefined ? "-" : shortOwner(lease.owner),
      String(lease.counter),
      String(lease.ownerSwitches),
      shortPosition(checkpoint, subSequenceNumber),
      shownMoment(lease.readThroughMs, { nowMs, utc }),
      lease.parentShardIds.map(shortShard).join(", ") || "-",
      lease.childShardIds.map(shortShard).join(", ") || "-",
    ];
  });
  for (const line of tableLines(columns, rows, out.width())) out.line(line);
  for (const row of fleet.foreign) out.line(shownForeign(row));
  out.line(shownCost(fleet.cost, fleet.rows.length));
}

function printRaw({ out }: CliContext, fleet: Fleet, isJson: boolean): void {
  const rows = fleet.rows.map(plainRow);
  if (isJson)
    out.json({
      application: fleet.application,
      leaseTable: fleet.tableName,
      rows,
      cost: fleet.cost,
    });
  else {
    for (const row of rows) out.json(row);
    out.note(shownCost(fleet.cost, fleet.rows.length));
  }
}

/** A row in DynamoDB's own form: bytes as base64. */
function plainRow(row: Row): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(row)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => [
        name,
        value.B === undefined ? value : { B: Buffer.from(value.B).toString("base64") },
      ]),
  );
}

function rowOf(fleet: Fleet, { leaseKey }: Lease): Row | undefined {
  return fleet.rows.find((row) => row["leaseKey"]?.S === leaseKey);
}
