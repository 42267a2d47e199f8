import { countDeliveries, type Deliveries } from "./deliveries.js";
import type { WorkerEvent } from "./events.js";
import { type Departure, slowestMs, takeovers } from "./takeovers.js";

/** What one run of a scenario came to. */
export interface Result extends Deliveries {
  readonly scenario: string;
  /** The KCL's version, and its mode where that matters. */
  readonly version: string;
  readonly slowestTakeoverMs: number | undefined;
  readonly seconds: number;
  /** What the scenario expected and did not see. */
  readonly problems: readonly string[];
  /** What else it measured, for who reads the JSON. */
  readonly figures: Readonly<Record<string, number | string>>;
}

/** What a run leaves behind. */
export interface Traces {
  readonly events: readonly WorkerEvent[];
  readonly sent: ReadonlySet<string>;
  readonly departures: readonly Departure[];
  readonly problems: readonly string[];
  readonly figures: Readonly<Record<string, number | string>>;
}

/** Judges what a run left behind. A worker that failed is a problem, whatever else came of it. */
export function judge(
  run: { readonly scenario: string; readonly version: string; readonly seconds: number },
  { events, sent, departures, problems, figures }: Traces,
): Result {
  const failures = events
    .filter(({ type }) => type === "failed")
    .map(({ w, error = "" }) => `${w} failed: ${error}`);
  return {
    ...run,
    ...countDeliveries(events, sent),
    slowestTakeoverMs: slowestMs(takeovers(events, departures)),
    problems: [...problems, ...failures],
    figures,
  };
}

/** Whether everything sent was handled, and everything expected was seen. */
export function isRight({ lost, problems }: Result): boolean {
  return lost.length === 0 && problems.length === 0;
}
