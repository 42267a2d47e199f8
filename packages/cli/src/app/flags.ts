import type { FlagParametersForType } from "@stricli/core";
import type { CliContext } from "./context.js";
import { optional, optionalText, repeated, toggle } from "./flag-kinds.js";
import { durationOf, shardIdOf, textOf } from "./inputs.js";

/** How a command reaches AWS. */
export interface ConnectionFlags {
  readonly region?: string;
  readonly profile?: string;
  readonly endpointKinesis?: string;
  readonly endpointDynamodb?: string;
  readonly allowInsecure: boolean;
  readonly config?: string;
}

/** How a command says what it found. */
export interface OutputFlags {
  readonly json: boolean;
  readonly utc: boolean;
}

/** Whose leases a command looks at. */
export interface FleetFlags extends ConnectionFlags {
  readonly leaseTable?: string;
}

/** Flags of every command that talks to AWS. */
export const CONNECTION_FLAGS: FlagParametersForType<ConnectionFlags, CliContext> = {
  region: optionalText("region of AWS (default: AWS_REGION, or the profile's)", "NAME"),
  profile: optionalText("profile of the shared AWS files", "NAME"),
  endpointKinesis: optionalText("another endpoint of Kinesis than AWS's own", "URL"),
  endpointDynamodb: optionalText("another endpoint of DynamoDB than AWS's own", "URL"),
  allowInsecure: toggle("permits http: to other machines"),
  config: optionalText("connector's file: names APP, stream, region and endpoints", "FILE"),
};

/** Flags of every command that looks at the leases of an application. */
export const FLEET_FLAGS: FlagParametersForType<FleetFlags, CliContext> = {
  ...CONNECTION_FLAGS,
  leaseTable: optionalText(
    "lease table in DynamoDB (default: named like the application), or the URL of PostgreSQL, MySQL or Redis",
    "NAME",
  ),
};

export const JSON_FLAG: FlagParametersForType<Pick<OutputFlags, "json">, CliContext> = {
  json: toggle("prints one JSON object, also for errors"),
};

/** Flags of every command that shows moments. */
export const OUTPUT_FLAGS: FlagParametersForType<OutputFlags, CliContext> = {
  ...JSON_FLAG,
  utc: toggle("shows moments as UTC stamps and not as age"),
};

/** The application that a command is about; a configuration file may name it instead. */
export const APP: {
  readonly parse: (text: string) => string;
  readonly placeholder: string;
  readonly brief: string;
  readonly optional: true;
} = { parse: textOf, placeholder: "APP", brief: "the application; --config may name it", optional: true };

/** Shards that a command is about; all where none is named. */
export const SHARD_FLAG: FlagParametersForType<{ readonly shard?: readonly string[] }, CliContext> = {
  shard: repeated(shardIdOf, "a shard, by its id or number; may be repeated (default: all)", "ID"),
};

/** The failover time of the fleet: how long a lease holds that nobody renews. */
export const FAILOVER_FLAG: FlagParametersForType<{ readonly failoverTime?: number }, CliContext> = {
  failoverTime: optional(durationOf, "the fleet's failoverTimeMs (default: the file's, or 10s)", "TIME"),
};

/** Asks Kinesis, which the lease table alone would spare. */
export const ASK_STREAM_FLAG: FlagParametersForType<{ readonly askStream: boolean }, CliContext> = {
  askStream: toggle("reads one record of each shard to say how far behind it is (1 of the 5 reads a second)"),
};

/** A command that changes something shows its plan first. */
export const EXECUTE_FLAG: FlagParametersForType<{ readonly execute: boolean }, CliContext> = {
  execute: toggle("does what the plan says"),
};
