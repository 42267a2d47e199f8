import type { Command } from "@stricli/core";
import { lazyCommand } from "../app/command.js";
import type { CliContext } from "../app/context.js";
import { JSON_FLAG } from "../app/flags.js";
import { textOf, wholeNumberOf } from "../app/inputs.js";
import { DESTINATIONS, type Destination } from "../init/destinations.js";

export interface InitFlags {
  readonly application?: string;
  readonly stream?: string;
  readonly destination?: Destination;
  readonly place?: string;
  readonly region?: string;
  readonly shards: number;
  readonly port: number;
  readonly ts: boolean;
  readonly yes: boolean;
  readonly json: boolean;
}

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
        application: {
          kind: "parsed",
          parse: textOf,
          optional: true,
          brief: "name of the application and of its lease table (default: the folder's)",
          placeholder: "NAME",
        },
        stream: {
          kind: "parsed",
          parse: textOf,
          optional: true,
          brief: "the stream (default: clicks)",
          placeholder: "NAME",
        },
        destination: {
          kind: "enum",
          values: DESTINATIONS,
          optional: true,
          brief: "where records go (default: s3)",
        },
        place: {
          kind: "parsed",
          parse: textOf,
          optional: true,
          brief: "the bucket, stream or index there (default: STREAM-archive)",
          placeholder: "NAME",
        },
        region: {
          kind: "parsed",
          parse: textOf,
          optional: true,
          brief: "region of AWS (default: AWS_REGION, or eu-central-1)",
          placeholder: "NAME",
        },
        shards: {
          kind: "parsed",
          parse: wholeNumberOf(1, 100),
          default: "2",
          brief: "shards of the stream on this machine",
          placeholder: "N",
        },
        port: {
          kind: "parsed",
          parse: wholeNumberOf(1_024, 65_000),
          default: "4570",
          brief: "first of four ports for AWS on this machine",
          placeholder: "N",
        },
        ts: {
          kind: "boolean",
          default: false,
          withNegated: false,
          brief: "writes the pipeline as a TypeScript module",
        },
        yes: { kind: "boolean", default: false, withNegated: false, brief: "asks nothing" },
      },
    },
  },
);
