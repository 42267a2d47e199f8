import type { FlagParametersForType } from "@stricli/core";
import type { CliContext } from "../app/context.js";
import { FAILOVER_FLAG, type OutputFlags } from "../app/flags.js";
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
  execute: { kind: "boolean", default: false, withNegated: false, brief: "does what the plan says" },
  discardPending: {
    kind: "boolean",
    default: false,
    withNegated: false,
    brief:
      "forgets a batch that was prepared and not committed: its objects may exist, and are written again under other names",
  },
  askStream: {
    kind: "boolean",
    default: false,
    withNegated: false,
    brief: "asks Kinesis how long it keeps records, to refuse a time that is gone",
  },
  backupDir: {
    kind: "parsed",
    parse: textOf,
    default: ".",
    brief: "folder for the file with the rows as they were",
    placeholder: "DIR",
  },
};
