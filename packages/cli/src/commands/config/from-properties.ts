import type { Command } from "@stricli/core";
import { lazyCommand } from "../../app/command.js";
import type { CliContext } from "../../app/context.js";
import { optionalText, repeated } from "../../app/flag-kinds.js";
import { JSON_FLAG } from "../../app/flags.js";
import { textOf } from "../../app/inputs.js";
import type { FromPropertiesFlags } from "../../running/config-from-properties.js";

export const command: Command<CliContext> = lazyCommand<FromPropertiesFlags, [file: string]>(
  async () => (await import("../../running/config-from-properties.js")).configFromProperties,
  {
    docs: {
      brief: "turns a .properties file of the Java connectors into YAML",
      fullDescription:
        "What was left out, or means something else here, is said on standard error, a line for each key. Where Java started two connectors from one\n" +
        "file, there are two files: --out writes both.",
    },
    parameters: {
      positional: {
        kind: "tuple",
        parameters: [
          {
            parse: textOf,
            placeholder: "FILE",
            brief: "of amazon-kinesis-connectors, such as S3Sample.properties",
          },
        ],
      },
      flags: {
        ...JSON_FLAG,
        out: optionalText("writes the files into this folder, and overwrites none", "DIR"),
        column: repeated(
          textOf,
          "a column of a Redshift table, in order; Java has them in its transformer",
          "NAME",
        ),
      },
    },
  },
);
