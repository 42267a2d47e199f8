import type { FlagParametersForType } from "@stricli/core";
import type { CliContext } from "../app/context.js";
import { repeated } from "../app/flag-kinds.js";

/** A tag of a resource. */
export interface Tag {
  readonly key: string;
  readonly value: string;
}

export const TAG_FLAG: FlagParametersForType<{ readonly tag?: readonly Tag[] }, CliContext> = {
  tag: repeated(tagOf, "a tag; may be repeated", "KEY=VALUE"),
};

function tagOf(text: string): Tag {
  const at = text.indexOf("=");
  if (at <= 0) throw new TypeError("give a tag as KEY=VALUE");
  return { key: text.slice(0, at), value: text.slice(at + 1) };
}
