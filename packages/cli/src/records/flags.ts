import type { FlagParametersForType } from "@stricli/core";
import type { CliContext } from "../app/context.js";
import { toggle } from "../app/flag-kinds.js";
import { textOf } from "../app/inputs.js";

/** How the bytes of a record are shown. */
export type Decoding = "json" | "text" | "hex";

export const DECODE_FLAG: FlagParametersForType<{ readonly decode: Decoding }, CliContext> = {
  decode: {
    kind: "enum",
    values: ["json", "text", "hex"],
    default: "json",
    brief: "how data is shown; what is not JSON is shown as text, what is no text as hex",
  },
};

export const LINES_FLAG: FlagParametersForType<{ readonly json: boolean }, CliContext> = {
  json: toggle("prints errors as JSON too; records are lines of JSON always"),
};

/** The stream that records are read from; a configuration file may name it instead. */
export const STREAM: {
  readonly parse: (text: string) => string;
  readonly placeholder: string;
  readonly brief: string;
  readonly optional: true;
} = {
  parse: textOf,
  placeholder: "STREAM",
  brief: "name or ARN of the stream; --config may name it",
  optional: true,
};
