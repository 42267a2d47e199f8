import { sleep } from "@kinesis-connectors/core";
import type { CliContext } from "../app/context.js";
import { CliError } from "../app/errors.js";

const POLL_MS = 500;
/** A new stream takes a minute or two; with thousands of shards more. */
const ACTIVE_WAIT_MS = 600_000;

/** Asks AWS for the status of what is made; undefined where it is not there. */
export type StatusOf = () => Promise<string | undefined>;

/** The status that a call tells; undefined where it finds nothing. */
export async function unlessMissing(call: StatusOf): Promise<string | undefined> {
  try {
    return await call();
  } catch (thrown) {
    if (thrown instanceof Error && thrown.name === "ResourceNotFoundException") return undefined;
    throw thrown;
  }
}

/**
 * Waits until what was made, or changed, can be used.
 * @param what as messages call it: `stream clicks`
 * @throws CliError `KC_FAILED` where that takes too long
 */
export async function untilActive(
  { clock, signal }: CliContext,
  what: string,
  statusOf: StatusOf,
): Promise<void> {
  const deadlineMs = clock.monotonicNow() + ACTIVE_WAIT_MS;
  for (;;) {
    const status = await statusOf();
    if (status === "ACTIVE") return;
    if (clock.monotonicNow() > deadlineMs)
      throw new CliError("KC_FAILED", `the ${what} is still ${status ?? "missing"}: look again later`);
    await sleep(clock, POLL_MS, signal);
    signal.throwIfAborted();
  }
}

/** What would be done, or has been, line by line. */
export function printPlan({ out }: CliContext, plan: readonly string[], isDone: boolean): void {
  for (const line of plan) out.line(isDone ? `done: ${line}` : `would ${line}`);
  if (!isDone) out.line("nothing has been changed (add --execute)");
}
