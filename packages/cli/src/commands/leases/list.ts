import type { Command } from "@stricli/core";
import { lazyCommand } from "../../app/command.js";
import type { CliContext } from "../../app/context.js";
import { toggle } from "../../app/flag-kinds.js";
import { APP, FLEET_FLAGS, OUTPUT_FLAGS } from "../../app/flags.js";
import type { LeasesFlags } from "../../fleet/leases.js";

export const command: Command<CliContext> = lazyCommand<LeasesFlags, [app?: string]>(
  async () => (await import("../../fleet/leases.js")).leases,
  {
    docs: { brief: "the rows of the lease table, and who wrote them" },
    parameters: {
      positional: { kind: "tuple", parameters: [APP] },
      flags: {
        ...FLEET_FLAGS,
        ...OUTPUT_FLAGS,
        raw: toggle("prints each row as DynamoDB keeps it, one JSON line each, those of others included"),
      },
    },
  },
);
