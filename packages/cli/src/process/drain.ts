import type { CliContext } from "../app/context.js";
import { CliError } from "../app/errors.js";
import { ask } from "./ask.js";
import type { ProcessFlags } from "./flags.js";
import { tokenOf } from "./token.js";

export interface DrainFlags extends ProcessFlags {
  readonly json: boolean;
  readonly connector?: string;
  readonly tokenFile?: string;
}

/** `drain`. */
export async function drain(context: CliContext, flags: DrainFlags): Promise<void> {
  const path =
    flags.connector === undefined
      ? "/api/v1/drain"
      : `/api/v1/connectors/${encodeURIComponent(flags.connector)}/drain`;
  const token = tokenOf(context, flags);
  const { url, status, body } = await ask(context, flags, path, { method: "POST", token });
  if (status !== 202) throw refusal(status, body, flags.connector);
  if (flags.json) context.out.json({ url, desired: "stopped" });
  else context.out.line("told to stop: it finishes what it has read, commits and gives its shards back");
}

function refusal(status: number, body: unknown, connector: string | undefined): CliError {
  const { error } = (body ?? {}) as { readonly error?: { readonly message?: unknown } };
  const said = typeof error?.message === "string" ? `: ${error.message.slice(0, 300)}` : "";
  if (status === 401 || status === 403)
    return new CliError(
      "KC_FAILED",
      `the process takes no changes without its token: set KC_ADMIN_TOKEN, or give --token-file (HTTP ${status}${said})`,
    );
  if (status === 404 && connector === undefined)
    return new CliError("KC_USAGE", "the process has several connectors: name one by --connector");
  return new CliError("KC_FAILED", `the process did not take it (HTTP ${status}${said})`);
}
