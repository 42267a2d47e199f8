import type { FlagParametersForType } from "@stricli/core";
import type { CliContext } from "../app/context.js";

/** A tag of a resource. */
export interface Tag {
  readonly key: string;
  readonly value: string;
}

export const EXECUTE_FLAG: FlagParametersForType<{ readonly execute: boolean }, CliContext> = {
  execute: { kind: "boolean", default: false, withNegated: false, brief: "does what the plan says" },
};

export const TAG_FLAG: FlagParametersForType<{ readonly tag?: readonly Tag[] }, CliContext> = {
  tag: {
    kind: "parsed",
    parse: tagOf,
    variadic: true,
    optional: true,
    brief: "a tag; may be repeated",
    placeholder: "KEY=VALUE",
  },
};

function tagOf(text: string): Tag {
  const at = text.indexOf("=");
  if (at <= 0) throw new TypeError("give a tag as KEY=VALUE");
  return { key: text.slice(0, at), value: text.slice(at + 1) };
}
