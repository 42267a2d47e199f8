import type { FlagParametersForType } from "@stricli/core";
import type { CliContext } from "../app/context.js";
import { toggle, withDefault } from "../app/flag-kinds.js";
import { EXECUTE_FLAG, FAILOVER_FLAG, type OutputFlags } from "../app/flags.js";
import { textOf } from "../app/inputs.js";

/** How a reset is made. */
export interface ResetFlags extends OutputFlags {
  readonly failoverTime?: number;
  readonly execute: boolean;
  readonly discardPending: boolean;
  readonly askStream: boolean;
  readonly backupDir: string;
}

/** Those that only a reset has. */
export const RESET_FLAGS: FlagParametersForType<Omit<ResetFlags, keyof OutputFlags>, CliContext> = {
  ...FAILOVER_FLAG,
  ...EXECUTE_FLAG,
  discardPending: toggle(
    "forgets a batch that was prepared and not committed: its objects may exist, and are written again under other names",
  ),
  askStream: toggle("asks Kinesis how long it keeps records, to refuse a time that is gone"),
  backupDir: withDefault(textOf, ".", "folder for the file with the rows as they were", "DIR"),
};
