import type { LeaseCheckpoint, ResetPlan, ResetResult, ResetValues } from "@kinesis-connectors/leases";
import type { CliContext } from "../app/context.js";
import type { Target } from "../connection/target.js";
import { shortPosition, shortShard } from "../output/short.js";
import { tableLines } from "../output/table.js";
import { shownDuration, shownMoment } from "../output/time.js";
import { type PlainCheckpoint, plainCheckpoint } from "../fleet/plain-checkpoint.js";

/** Where a shard stands or is to begin. */
interface ShownPlace extends PlainCheckpoint {
  readonly startTimestampMs: number | null;
}

/** What `checkpoint reset --json` and `leases restore --json` print. */
export interface ResetReport {
  readonly application: string;
  readonly isRefused: boolean;
  readonly isExecuted: boolean;
  readonly openShards: number;
  readonly shards: readonly {
    readonly shardId: string;
    readonly from: ShownPlace;
    readonly to: ShownPlace;
    readonly backMs: number | null;
    readonly skips: boolean | null;
    readonly refusal: { readonly code: string; readonly reason: string; readonly cure: string } | null;
    /** What became of it; null where nothing was done. */
    readonly outcome: "reset" | "refused" | "failed" | null;
  }[];
  readonly warnings: readonly string[];
  readonly destination: string;
  readonly backupFile: string | null;
}

/** What the destination makes of records that come again, by the type of its emitter. */
const AGAIN: Readonly<Record<string, string>> = {
  s3: "S3: records of that time will be written a second time, into new objects. Prefer another application that begins there and writes to another prefix",
  redshift:
    "Redshift: records of that time will be loaded a second time, for the ledger knows a batch only by its own range",
  dynamodb: "DynamoDB: an item holds the last version of its key, so nothing is doubled",
  opensearch: "OpenSearch: a document is guarded by its position, so nothing is doubled",
  firehose: "Firehose: records of that time are put a second time; what Firehose delivers to has them twice",
  sqs: "SQS: messages of that time are sent a second time; a FIFO queue leaves out only those of the last five minutes",
  postgres:
    "PostgreSQL: rows of that time are left out, because the table of positions says that they are there. To have them written a second time, remove the rows of these shards from it first",
  kinesis: "Kinesis: records of that time will be put a second time",
};

/** The plan, and what became of it, as data. */
export function resetReport(of: {
  readonly target: Target;
  readonly plan: ResetPlan;
  readonly result: ResetResult | undefined;
  readonly backupFile: string | undefined;
  readonly openShards: number;
}): ResetReport {
  const { target, plan, result, backupFile, openShards } = of;
  const outcomes = new Map(result?.shards.map(({ shardId, state }) => [shardId, state]));
  return {
    application: target.application,
    isRefused: plan.isRefused,
    isExecuted: result !== undefined,
    openShards,
    shards: plan.shards.map(({ shardId, from, to, seen, backMs, skips, refusal }) => ({
      shardId,
      from: placeOf(from, seen.startTimestampMs),
      to: placeOf(to.checkpoint, to.startTimestampMs),
      backMs: backMs ?? null,
      skips: skips ?? null,
      refusal: refusal ?? null,
      outcome: outcomes.get(shardId) ?? null,
    })),
    warnings: plan.warnings,
    destination:
      AGAIN[target.emitter ?? ""] ??
      "what is read again is written a second time: S3, Redshift and Kinesis then hold it twice, DynamoDB and OpenSearch once",
    backupFile: backupFile ?? null,
  };
}

/** The plan as people read it. */
export function printPlan(
  { out, clock }: CliContext,
  report: ResetReport,
  { utc, execute }: { readonly utc: boolean; readonly execute: boolean },
): void {
  const { shards, isExecuted, isRefused, openShards, application } = report;
  const isForward = shards.some(({ backMs }) => backMs !== null && backMs < 0);
  const way = isForward ? "be moved" : "go back";
  const tail = execute ? "" : " (add --execute)";
  const moved = shards.filter((shard) => !isThere(shard));
  const there =
    moved.length === shards.length ? "" : `, ${shards.length - moved.length} already there and left alone`;
  out.line(
    isExecuted
      ? `${application}: ${moved.filter(({ outcome }) => outcome === "reset").length} of ${openShards} shards have been reset${there}`
      : `${application}: ${moved.length} of ${openShards} shards would ${way}${there}; nothing has been changed${isRefused ? "" : tail}`,
  );
  const nowMs = clock.now();
  const rows = shards.map((shard) => {
    const { from, to, backMs, refusal, shardId, outcome } = shard;
    const told = outcome === null || outcome === "reset" ? (isThere(shard) ? "already there" : "") : outcome;
    return [
      shortShard(shardId),
      placeText(from, { nowMs, utc }),
      placeText(to, { nowMs, utc }),
      backMs === null || isThere(shard) ? "-" : shownDuration(backMs),
      refusal === null ? told : `refused: ${refusal.reason}`,
    ];
  });
  const columns = [{ title: "SHARD" }, { title: "FROM" }, { title: "TO" }, { title: "BACK BY" }];
  for (const line of tableLines(columns, rows, out.width())) out.line(line);
  for (const warning of report.warnings) out.line(`note: ${warning}`);
  if (moved.length > 0) out.line(report.destination);
  for (const cure of new Set(shards.map(({ refusal }) => refusal?.cure)))
    if (cure !== undefined) out.line(`cure: ${cure}`);
  if (isExecuted) out.line(`paused shards stay so: kinesis-connectors resume ${application}`);
}

/** Whether a shard stands where it is to go. */
function isThere({ from, to }: ResetReport["shards"][number]): boolean {
  return (
    from.checkpoint === to.checkpoint &&
    from.subSequenceNumber === to.subSequenceNumber &&
    (/^(?:\d|TRIM_HORIZON$)/.test(from.checkpoint) || from.startTimestampMs === to.startTimestampMs)
  );
}

function placeText(
  { checkpoint, subSequenceNumber, startTimestampMs }: ShownPlace,
  moment: { readonly nowMs: number; readonly utc: boolean },
): string {
  if (checkpoint === "AT_TIMESTAMP" && startTimestampMs !== null)
    return moment.utc
      ? `at ${shownMoment(startTimestampMs, moment)}`
      : `at ${new Date(startTimestampMs).toISOString().slice(0, 19)}Z`;
  return shortPosition(checkpoint, subSequenceNumber);
}

function placeOf(checkpoint: LeaseCheckpoint, startTimestampMs: ResetValues["startTimestampMs"]): ShownPlace {
  return {
    ...plainCheckpoint(checkpoint),
    startTimestampMs: typeof checkpoint === "string" ? (startTimestampMs ?? null) : null,
  };
}
