import type { Command } from "@stricli/core";
import { lazyCommand } from "../../app/command.js";
import type { CliContext } from "../../app/context.js";
import { JSON_FLAG } from "../../app/flags.js";

export const command: Command<CliContext> = lazyCommand<{ readonly json: boolean }>(
  async () => (await import("../../running/config-schema.js")).configSchemaCommand,
  {
    docs: {
      brief: "prints the JSON Schema of files, for editors",
      fullDescription: "The same that ./node_modules/@kinesis-connectors/config/schema.json holds.",
    },
    parameters: { flags: { ...JSON_FLAG } },
  },
);
