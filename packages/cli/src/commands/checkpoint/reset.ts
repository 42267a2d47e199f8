import type { Command } from "@stricli/core";
import { lazyCommand } from "../../app/command.js";
import type { CliContext } from "../../app/context.js";
import { APP, FLEET_FLAGS, OUTPUT_FLAGS, SHARD_FLAG } from "../../app/flags.js";
import { textOf } from "../../app/inputs.js";
import type { CheckpointResetFlags } from "../../steering/checkpoint-reset.js";
import { RESET_FLAGS } from "../../steering/flags.js";

export const command: Command<CliContext> = lazyCommand<CheckpointResetFlags, [app?: string]>(
  async () => (await import("../../steering/checkpoint-reset.js")).checkpointReset,
  {
    docs: {
      brief: "makes shards begin elsewhere; shows its plan first",
      fullDescription:
        "Shards must be paused, or nobody must have renewed them for the failover time: else exit 3, and nothing is written.\n" +
        "Without --execute only the plan is shown. With it, the rows are kept in a file first, which leases restore takes.",
    },
    parameters: {
      positional: { kind: "tuple", parameters: [APP] },
      flags: {
        ...FLEET_FLAGS,
        ...SHARD_FLAG,
        ...OUTPUT_FLAGS,
        ...RESET_FLAGS,
        to: {
          kind: "parsed",
          parse: textOf,
          brief:
            "horizon, latest, a time, a sequence number with .SUB (one --shard), or a file of leases backup",
          placeholder: "WHERE",
        },
      },
    },
  },
);
