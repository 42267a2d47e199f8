import type { Command } from "@stricli/core";
import { lazyCommand } from "../app/command.js";
import type { CliContext } from "../app/context.js";
import { APP, FLEET_FLAGS, JSON_FLAG } from "../app/flags.js";
import type { DoctorFlags } from "../doctor/doctor.js";

export const command: Command<CliContext> = lazyCommand<DoctorFlags, [app?: string]>(
  async () => (await import("../doctor/doctor.js")).doctor,
  {
    docs: {
      brief: "looks for what is wrong here: Node, clock, region, identity, table, packages",
      fullDescription:
        "With APP also its lease table and the mode of its fleet. Exit 1 where something is wrong.",
    },
    parameters: {
      positional: { kind: "tuple", parameters: [APP] },
      flags: { ...FLEET_FLAGS, ...JSON_FLAG },
    },
  },
);
