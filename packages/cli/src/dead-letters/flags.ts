import type { FlagParametersForType } from "@stricli/core";
import type { CliContext } from "../app/context.js";
import { CONNECTION_FLAGS, type ConnectionFlags, JSON_FLAG } from "../app/flags.js";
import { type Moment, momentOf, textOf } from "../app/inputs.js";

/** Which dead letters a command is about. */
export interface LetterFlags extends ConnectionFlags {
  readonly bucket?: string;
  readonly prefix?: string;
  readonly endpointS3?: string;
  readonly since?: Moment;
  readonly code?: readonly string[];
  readonly json: boolean;
}

export const LETTER_FLAGS: FlagParametersForType<LetterFlags, CliContext> = {
  ...CONNECTION_FLAGS,
  ...JSON_FLAG,
  bucket: {
    kind: "parsed",
    parse: textOf,
    optional: true,
    brief: "the bucket (default: that of deadLetters in --config)",
    placeholder: "NAME",
  },
  prefix: {
    kind: "parsed",
    parse: textOf,
    optional: true,
    brief: "where in the bucket (default: that of deadLetters in --config, or all of it)",
    placeholder: "PREFIX",
  },
  endpointS3: {
    kind: "parsed",
    parse: textOf,
    optional: true,
    brief: "another endpoint of S3 than AWS's own",
    placeholder: "URL",
  },
  since: {
    kind: "parsed",
    parse: momentOf,
    optional: true,
    brief: "only records that arrived since then: a time with its zone, or how long ago",
    placeholder: "WHEN",
  },
  code: {
    kind: "parsed",
    parse: textOf,
    variadic: true,
    optional: true,
    brief: "only those that failed with this code; may be repeated",
    placeholder: "KC_...",
  },
};
