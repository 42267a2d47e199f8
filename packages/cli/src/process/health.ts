import type { CliContext } from "../app/context.js";
import { EXIT } from "../app/errors.js";
import { oneLine } from "../output/table.js";
import { ask } from "./ask.js";
import type { ProcessFlags } from "./flags.js";

export interface HealthFlags extends ProcessFlags {
  readonly json: boolean;
  readonly strict: boolean;
}

interface Verdict {
  readonly status?: unknown;
  readonly reasons?: readonly {
    readonly connector?: unknown;
    readonly rule?: unknown;
    readonly shardId?: unknown;
    readonly cure?: unknown;
  }[];
}

/** `health`. */
export async function health(context: CliContext, flags: HealthFlags): Promise<void> {
  const { out } = context;
  const { url, status, body } = await ask(context, flags, flags.strict ? "/readyz?strict" : "/readyz");
  const verdict = (typeof body === "object" && body !== null ? body : {}) as Verdict;
  const isReady = status === 200;
  const word = typeof verdict.status === "string" ? verdict.status : `HTTP ${status}`;
  if (flags.json) out.json({ url, isReady, status: word, verdict: body ?? null });
  else {
    out.line(`${isReady ? "ready" : "not ready"}: ${oneLine(word)}`);
    for (const { connector, rule, shardId, cure } of verdict.reasons ?? []) {
      const where = [connector, shardId].filter((part) => typeof part === "string").join(" ");
      out.line(oneLine(`  ${String(rule)}${where === "" ? "" : ` (${where})`}: ${String(cure)}`));
    }
  }
  if (!isReady) context.exitWith(EXIT.unhealthy);
}
