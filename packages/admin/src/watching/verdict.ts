import type { HealthReason, HealthStatus } from "@kinesis-connectors/telemetry";

/** A reason of a verdict: those of `healthOf`, and those that only the process can tell. */
export interface Reason {
  /** Of several connectors, the one that it is about. */
  readonly connector?: string;
  readonly rule: HealthReason["rule"] | "stopped" | "failed" | "event-loop-stalled";
  readonly status: HealthStatus;
  readonly shardId?: string;
  /** What was found, and what it is held against. */
  readonly value: number | string;
  readonly limit: number | string;
  /** What to do, in a sentence. */
  readonly cure: string;
}

/** Whether a connector, or all of a process, makes progress. */
export interface Verdict {
  readonly status: HealthStatus;
  readonly reasons: readonly Reason[];
}

/** The verdict of one reason that fails. */
export function failing(reason: Omit<Reason, "status">): Verdict {
  return { status: "failing", reasons: [{ ...reason, status: "failing" }] };
}

/** The verdict on several connectors, by their names: that on the worst. Of a single one it is its own, without the name. */
export function joined(verdicts: readonly (readonly [name: string, verdict: Verdict])[]): Verdict {
  const [only] = verdicts;
  if (only !== undefined && verdicts.length === 1) return only[1];
  const has = (status: HealthStatus): boolean => verdicts.some(([, verdict]) => verdict.status === status);
  return {
    status: has("failing") ? "failing" : has("degraded") ? "degraded" : "ok",
    reasons: verdicts.flatMap(([connector, { reasons }]) =>
      reasons.map((reason) => ({ connector, ...reason })),
    ),
  };
}
