import type { Command } from "@stricli/core";
import { lazyCommand } from "../../app/command.js";
import type { CliContext } from "../../app/context.js";
import { optional, optionalText, repeated, toggle } from "../../app/flag-kinds.js";
import { CONNECTION_FLAGS, EXECUTE_FLAG, JSON_FLAG } from "../../app/flags.js";
import { textOf, wholeNumberOf } from "../../app/inputs.js";
import { TAG_FLAG } from "../../create/flags.js";
import { keyAttributeOf } from "../../create/key-attribute.js";
import type { CreateTableFlags } from "../../create/table.js";

export const command: Command<CliContext> = lazyCommand<CreateTableFlags, [name: string]>(
  async () => (await import("../../create/table.js")).createTable,
  {
    docs: {
      brief: "makes a DynamoDB table for a destination; shows its plan first",
      fullDescription:
        "On demand unless --rcu and --wcu say otherwise. Changes nothing without --execute.\n" +
        "--redshift prints the SQL of a Redshift table and of its ledger instead, for the columns given.",
    },
    parameters: {
      positional: {
        kind: "tuple",
        parameters: [{ parse: textOf, placeholder: "NAME", brief: "name of the table" }],
      },
      flags: {
        ...CONNECTION_FLAGS,
        ...JSON_FLAG,
        ...EXECUTE_FLAG,
        ...TAG_FLAG,
        key: repeated(
          keyAttributeOf,
          "partition key, and once more the sort key; type S, N or B",
          "NAME:TYPE",
        ),
        rcu: optional(wholeNumberOf(1, 1_000_000), "provisioned read units", "N"),
        wcu: optional(wholeNumberOf(1, 1_000_000), "provisioned write units", "N"),
        kmsKey: optionalText("key that encrypts the table (default: DynamoDB's own)", "ID"),
        redshift: toggle("prints SQL of @kinesis-connectors/redshift, as it is installed here"),
        column: repeated(textOf, "with --redshift: NAME:TYPE, or NAME:TYPE:not-null", "COLUMN"),
      },
    },
  },
);
