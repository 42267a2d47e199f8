import type { FlagParametersForType } from "@stricli/core";
import type { CliContext } from "../app/context.js";
import { optional, optionalText, repeated } from "../app/flag-kinds.js";
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

/** How dead letters are run once more, into a stream or through a pipeline. */
export interface RedriveFlags extends LetterFlags {
  readonly to: "stream" | "pipeline";
  readonly stream?: string;
  readonly execute: boolean;
  readonly journal?: string;
}

export const LETTER_FLAGS: FlagParametersForType<LetterFlags, CliContext> = {
  ...CONNECTION_FLAGS,
  ...JSON_FLAG,
  bucket: optionalText("the bucket (default: that of deadLetters in --config)", "NAME"),
  prefix: optionalText(
    "where in the bucket (default: that of deadLetters in --config, or all of it)",
    "PREFIX",
  ),
  endpointS3: optionalText("another endpoint of S3 than AWS's own", "URL"),
  since: optional(
    momentOf,
    "only records that arrived since then: a time with its zone, or how long ago",
    "WHEN",
  ),
  code: repeated(textOf, "only those that failed with this code; may be repeated", "KC_..."),
};
