import {
  executeReset,
  isEnded,
  planReset,
  type ResetPlan,
  type ResetResult,
  type ResetTarget,
} from "@kinesis-connectors/leases";
import { sdkKinesis } from "@kinesis-connectors/consumer";
import type { CliContext } from "../app/context.js";
import { CliError } from "../app/errors.js";
import type { FleetFlags } from "../app/flags.js";
import { nameOf } from "../connection/stream-name.js";
import { toKinesis } from "../connection/aws.js";
import { type OpenFleet, openFleet } from "../fleet/read-fleet.js";
import { type Target, targetOf } from "../connection/target.js";
import { failoverTimeMsOf } from "../fleet/failover-time.js";
import { keepRows } from "./backup-file.js";
import type { ResetFlags } from "./flags.js";
import { printPlan, resetReport } from "./reset-text.js";
import { resetTargetOf } from "./reset-to.js";

export interface CheckpointResetFlags extends FleetFlags, ResetFlags {
  readonly to: string;
  readonly shard?: readonly string[];
}

const HOUR_MS = 3_600_000;

/** `checkpoint reset APP --to WHERE`. */
export async function checkpointReset(
  context: CliContext,
  flags: CheckpointResetFlags,
  app?: string,
): Promise<void> {
  const to = resetTargetOf(context, flags.to);
  await resetTo(context, flags, await targetOf(context, flags, app), to, flags.shard);
}

/** Plans a reset, shows it, and carries it out where that was asked for. */
export async function resetTo(
  context: CliContext,
  flags: ResetFlags,
  target: Target,
  to: ResetTarget,
  shardIds: readonly string[] | undefined,
): Promise<void> {
  const { clock, random, out } = context;
  const fleet = await openFleet(context, target);
  try {
    const { stream, leases } = await fleet.look();
    const failoverTimeMs = failoverTimeMsOf(flags, target);
    const retentionMs = flags.askStream ? await retentionOf(context, target, stream) : undefined;
    const plan = await planReset({
      table: fleet.table,
      clock,
      shardIds,
      to,
      failoverTimeMs,
      discardPending: flags.discardPending,
      ...(retentionMs === undefined ? {} : { retentionMs }),
    });
    const isExecuted = flags.execute && !plan.isRefused && plan.shards.length > 0;
    let backupFile: string | undefined;
    let result: ResetResult | undefined;
    if (isExecuted) {
      ({ file: backupFile } = await keepRows(context, fleet, flags.backupDir));
      out.note(`the rows as they were: ${backupFile}`);
      result = await executeReset(plan, { table: fleet.table, clock, random });
    }
    const openShards = leases.filter((lease) => !isEnded(lease)).length;
    const report = resetReport({ target, plan, result, backupFile, openShards });
    if (flags.json) out.json(report);
    else printPlan(context, report, { utc: flags.utc, execute: flags.execute });
    requireDone(plan, result, fleet);
  } finally {
    fleet.close();
  }
}

function requireDone(plan: ResetPlan, result: ResetResult | undefined, { target }: OpenFleet): void {
  if (plan.isRefused) {
    const refused = plan.shards.filter(({ refusal }) => refusal !== undefined);
    const mustPause = refused.some(({ refusal }) => refusal?.code === "not-paused");
    throw new CliError(
      "KC_REFUSED",
      `refused for ${refused.length} of ${plan.shards.length} shards, and nothing was changed` +
        (mustPause ? `; run first: kinesis-connectors pause ${target.application}` : ""),
    );
  }
  if (result?.isComplete === false)
    throw new CliError(
      "KC_FAILED",
      "not every shard was reset: those that were left are in the list above; what was reset stays so, and the file of the rows takes it back",
    );
}

async function retentionOf(
  context: CliContext,
  target: Target,
  found: string | undefined,
): Promise<number | undefined> {
  const stream = target.stream ?? found;
  if (stream === undefined) return undefined;
  const connection = toKinesis(target);
  await connection.checkEndpoint();
  try {
    const summary = await sdkKinesis(await connection.made(), nameOf(stream)).describeStream(context.signal);
    return summary.retentionHours * HOUR_MS;
  } finally {
    connection.close();
  }
}
