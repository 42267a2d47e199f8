import type { Command } from "@stricli/core";
import { lazyCommand } from "../../app/command.js";
import type { CliContext } from "../../app/context.js";
import { optionalText } from "../../app/flag-kinds.js";
import { APP, FLEET_FLAGS, JSON_FLAG } from "../../app/flags.js";
import type { BackupFlags } from "../../steering/leases-backup.js";

export const command: Command<CliContext> = lazyCommand<BackupFlags, [app?: string]>(
  async () => (await import("../../steering/leases-backup.js")).leasesBackup,
  {
    docs: { brief: "writes all rows to a file" },
    parameters: {
      positional: { kind: "tuple", parameters: [APP] },
      flags: {
        ...FLEET_FLAGS,
        ...JSON_FLAG,
        out: optionalText("the file, or - for standard output (default: leases-APP-TIME.json)", "FILE"),
      },
    },
  },
);
