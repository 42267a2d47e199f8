import { resolve } from "node:path";
import { checkedEndpoint } from "@kinesis-connectors/aws";
import { sleep } from "@kinesis-connectors/core";
import type { CliContext } from "../app/context.js";
import { CliError } from "../app/errors.js";
import { DEFAULT_HOST, DEFAULT_PORT } from "./default-address.js";
import type { ProcessFlags } from "./flags.js";

/** A verdict is a few lines; whoever answers more is no admin server. */
const MAX_BYTES = 1024 * 1024;

/** What a process answered. */
export interface Answer {
  readonly url: string;
  readonly status: number;
  readonly body: unknown;
}

/** The address of a process: of the flag, the file, or the default. */
async function addressOf({ cwd, env }: CliContext, flags: ProcessFlags): Promise<URL> {
  if (flags.url !== undefined) return checkedEndpoint(flags.url, flags.allowInsecure, "--url");
  if (flags.config === undefined) return new URL(`http://${DEFAULT_HOST}:${DEFAULT_PORT}`);
  const { loadSource } = await import("@kinesis-connectors/config");
  const { admin } = await loadSource(resolve(cwd, flags.config), { env });
  if (admin === undefined)
    throw new CliError(
      "KC_USAGE",
      `${flags.config} has no admin: give it one, such as admin: { port: 9464 }`,
    );
  const { host = DEFAULT_HOST, port = DEFAULT_PORT } = admin;
  // What listens on every address listens on this machine's own too.
  const name = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
  return checkedEndpoint(
    `http://${name.includes(":") ? `[${name}]` : name}:${port}`,
    flags.allowInsecure,
    "--config",
  );
}

/**
 * Asks a process by its admin server.
 * @throws CliError `KC_UNHEALTHY` where nobody answers in time
 */
export async function ask(
  context: CliContext,
  flags: ProcessFlags,
  path: string,
  init: { readonly method?: "POST"; readonly token?: string | undefined } = {},
): Promise<Answer> {
  const address = await addressOf(context, flags);
  const url = new URL(path, address).href;
  const over = new AbortController();
  const waiting = new AbortController();
  void sleep(context.clock, flags.timeout, waiting.signal).then(() => over.abort());
  try {
    const answer = await fetch(url, {
      method: init.method ?? "GET",
      // An admin server redirects nobody, and a token must not follow one who does.
      redirect: "error",
      signal: AbortSignal.any([context.signal, over.signal]),
      headers: init.token === undefined ? {} : { authorization: `Bearer ${init.token}` },
    });
    const text = await answer.text();
    return { url, status: answer.status, body: parsed(text.slice(0, MAX_BYTES)) };
  } catch (thrown) {
    context.signal.throwIfAborted();
    const cause = thrown instanceof Error ? (thrown.cause as NodeJS.ErrnoException | undefined) : undefined;
    const why = over.signal.aborted
      ? `nothing came within ${flags.timeout} ms`
      : (cause?.code ?? "no answer");
    throw new CliError(
      "KC_UNHEALTHY",
      `${address.href} does not answer (${why}): the process does not run, or has no admin server there`,
      { cause: thrown },
    );
  } finally {
    waiting.abort();
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
