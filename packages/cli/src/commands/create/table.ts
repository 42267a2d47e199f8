import type { Command } from "@stricli/core";
import { lazyCommand } from "../../app/command.js";
import type { CliContext } from "../../app/context.js";
import { CONNECTION_FLAGS, type ConnectionFlags, JSON_FLAG } from "../../app/flags.js";
import { textOf, wholeNumberOf } from "../../app/inputs.js";
import { EXECUTE_FLAG, TAG_FLAG, type Tag } from "../../create/flags.js";
import { type KeyAttribute, keyAttributeOf } from "../../create/key-attribute.js";

export interface CreateTableFlags extends ConnectionFlags {
  readonly json: boolean;
  readonly execute: boolean;
  readonly key?: readonly KeyAttribute[];
  readonly rcu?: number;
  readonly wcu?: number;
  readonly kmsKey?: string;
  readonly tag?: readonly Tag[];
  readonly redshift: boolean;
  readonly column?: readonly string[];
}

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
        key: {
          kind: "parsed",
          parse: keyAttributeOf,
          variadic: true,
          optional: true,
          brief: "partition key, and once more the sort key; type S, N or B",
          placeholder: "NAME:TYPE",
        },
        rcu: {
          kind: "parsed",
          parse: wholeNumberOf(1, 1_000_000),
          optional: true,
          brief: "provisioned read units",
          placeholder: "N",
        },
        wcu: {
          kind: "parsed",
          parse: wholeNumberOf(1, 1_000_000),
          optional: true,
          brief: "provisioned write units",
          placeholder: "N",
        },
        kmsKey: {
          kind: "parsed",
          parse: textOf,
          optional: true,
          brief: "key that encrypts the table (default: DynamoDB's own)",
          placeholder: "ID",
        },
        redshift: {
          kind: "boolean",
          default: false,
          withNegated: false,
          brief: "prints SQL of @kinesis-connectors/redshift, as it is installed here",
        },
        column: {
          kind: "parsed",
          parse: textOf,
          variadic: true,
          optional: true,
          brief: "with --redshift: NAME:TYPE, or NAME:TYPE:not-null",
          placeholder: "COLUMN",
        },
      },
    },
  },
);
