import type { Command } from "@stricli/core";
import { lazyCommand } from "../app/command.js";
import type { CliContext } from "../app/context.js";
import { optionalText, toggle, withDefault } from "../app/flag-kinds.js";
import { JSON_FLAG } from "../app/flags.js";
import { textOf, wholeNumberOf } from "../app/inputs.js";
import { DESTINATIONS } from "../init/destinations.js";
import type { InitFlags } from "../init/init.js";

export const command: Command<CliContext> = lazyCommand<InitFlags, [dir?: string]>(
  async () => (await import("../init/init.js")).init,
  {
    docs: {
      brief: "writes a project: a connector's file, package.json and README",
      fullDescription:
        "On a terminal it asks what no flag says; elsewhere, and with --yes, it takes the defaults. It overwrites nothing, and ends with the commands\n" +
        "that run the connector against AWS on this machine (kinesis-local-aws), without an account.",
    },
    parameters: {
      positional: {
        kind: "tuple",
        parameters: [
          { parse: textOf, placeholder: "DIR", brief: "the folder (default: this one)", optional: true },
        ],
      },
      flags: {
        ...JSON_FLAG,
        application: optionalText(
          "name of the application and of its lease table (default: the folder's)",
          "NAME",
        ),
        stream: optionalText("the stream (default: clicks)", "NAME"),
        destination: {
          kind: "enum",
          values: DESTINATIONS,
          optional: true,
          brief: "where records go (default: s3)",
        },
        place: optionalText("the bucket, stream or index there (default: STREAM-archive)", "NAME"),
        region: optionalText("region of AWS (default: AWS_REGION, or eu-central-1)", "NAME"),
        shards: withDefault(wholeNumberOf(1, 100), "2", "shards of the stream on this machine", "N"),
        port: withDefault(
          wholeNumberOf(1_024, 65_000),
          "4570",
          "first of four ports for AWS on this machine",
          "N",
        ),
        ts: toggle("writes the pipeline as a TypeScript module"),
        yes: toggle("asks nothing"),
      },
    },
  },
);
