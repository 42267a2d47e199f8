import type { Output } from "../output/output.js";
import { shortOwner, shortPosition, shortShard } from "../output/short.js";
import { type Column, oneLine, tableLines } from "../output/table.js";
import { shownDuration, shownMoment } from "../output/time.js";
import { shownCost } from "./cost.js";
import { shownForeign } from "./foreign-rows.js";
import type { StatusReport } from "./status-report.js";
import { counted } from "../output/counted.js";

type Shard = StatusReport["shards"][number];

/** The report as people read it: a line of sums, a table, a line of cost. */
export function printStatus(out: Output, report: StatusReport, { utc }: { readonly utc: boolean }): void {
  const { nowMs, shards, foreign, cost, attention } = report;
  out.line(headOf(report, out));
  const hasBehind = cost.kinesisReads > 0;
  const columns: Column[] = [
    { title: "SHARD" },
    { title: "STATE" },
    { title: "OWNER" },
    { title: "DELIVERED" },
    ...(hasBehind ? [{ title: "BEHIND" }] : []),
    { title: "CHECKPOINT" },
    { title: "PENDING" },
    { title: "CHILDREN" },
  ];
  const reasons = new Map(attention.map(({ shardId, reason }) => [shardId, reason]));
  const rows = shards.map((shard) => [
    shortShard(shard.shardId),
    shard.state,
    ownerOf(shard),
    shard.state === "ended" ? "-" : shownMoment(shard.readThroughMs ?? undefined, { nowMs, utc }),
    ...(hasBehind ? [shard.behindMs === null ? "-" : shownDuration(shard.behindMs)] : []),
    shortPosition(shard.checkpoint, shard.subSequenceNumber),
    pendingOf(shard),
    shard.children.length === 0 ? "-" : shard.children.map(shortShard).join(", "),
    remarkOf(shard, nowMs, reasons.get(shard.shardId)),
  ]);
  for (const line of tableLines(columns, rows, out.width())) out.line(line);
  for (const row of foreign) out.line(shownForeign(row));
  out.line(shownCost(cost, shards.length + foreign.length, hasBehind ? cost.kinesisReads : undefined));
}

function headOf(report: StatusReport, out: Output): string {
  const { application, stream, shards, workers, paused, deliveredAgoMs, attention, fleetMode } = report;
  const counts = [
    counted(shards.length, "shard"),
    counted(workers, "worker"),
    ...(paused > 0 ? [`${paused} paused`] : []),
    ...(fleetMode === null ? [] : [`KCL mode ${fleetMode}`]),
  ].join(", ");
  return [
    oneLine(application),
    ...(stream === null ? [] : [`stream ${oneLine(stream)}`]),
    counts,
    ...(deliveredAgoMs === null ? [] : [`delivered up to ${shownDuration(deliveredAgoMs)} ago`]),
    ...(attention.length === 0 ? [] : [out.warn(`attention: ${attention.length}`)]),
  ].join("  ");
}

function ownerOf({ owner, ownerKind, nextOwner }: Shard): string {
  if (owner === null) return "-";
  const kind = ownerKind === "kcl" ? " (kcl)" : "";
  const next = nextOwner === null ? "" : ` -> ${shortOwner(nextOwner)}`;
  return `${shortOwner(owner)}${kind}${next}`;
}

function pendingOf({ pending }: Shard): string {
  if (pending === null) return "-";
  return pending.records === null ? "yes" : `${pending.records} rec`;
}

function remarkOf({ paused }: Shard, nowMs: number, reason: string | undefined): string {
  const by = paused?.by === null || paused?.by === undefined ? "" : ` by ${paused.by}`;
  const texts = [
    ...(paused === null ? [] : [`paused${by} ${shownMoment(paused.sinceMs, { nowMs, utc: false })}`]),
    ...(reason === undefined ? [] : [reason]),
  ];
  return texts.join("; ");
}
