import type { FlagParametersForType } from "@stricli/core";
import type { CliContext } from "../app/context.js";
import { optionalText, toggle, withDefault } from "../app/flag-kinds.js";
import { durationOf } from "../app/inputs.js";

/** Which process is asked. */
export interface ProcessFlags {
  readonly url?: string;
  readonly config?: string;
  readonly timeout: number;
  readonly allowInsecure: boolean;
}

export const PROCESS_FLAGS: FlagParametersForType<ProcessFlags, CliContext> = {
  url: optionalText("where its admin server listens (default: the file's, or http://127.0.0.1:9464)", "URL"),
  config: optionalText("connector's file that names the address", "FILE"),
  timeout: withDefault(durationOf, "5s", "how long to wait for its answer", "TIME"),
  allowInsecure: toggle("permits http: to other machines"),
};
