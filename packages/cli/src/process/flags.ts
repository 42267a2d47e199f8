import type { FlagParametersForType } from "@stricli/core";
import type { CliContext } from "../app/context.js";
import { durationOf, textOf } from "../app/inputs.js";

/** Which process is asked. */
export interface ProcessFlags {
  readonly url?: string;
  readonly config?: string;
  readonly timeout: number;
  readonly allowInsecure: boolean;
}

export const PROCESS_FLAGS: FlagParametersForType<ProcessFlags, CliContext> = {
  url: {
    kind: "parsed",
    parse: textOf,
    optional: true,
    brief: "where its admin server listens (default: the file's, or http://127.0.0.1:9464)",
    placeholder: "URL",
  },
  config: {
    kind: "parsed",
    parse: textOf,
    optional: true,
    brief: "connector's file that names the address",
    placeholder: "FILE",
  },
  timeout: {
    kind: "parsed",
    parse: durationOf,
    default: "5s",
    brief: "how long to wait for its answer",
    placeholder: "TIME",
  },
  allowInsecure: {
    kind: "boolean",
    default: false,
    withNegated: false,
    brief: "permits http: to other machines",
  },
};
