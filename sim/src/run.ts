import type { Violation } from "./checks/violation.js";
import type { Seen } from "./checks/sightings.js";
import type { BrokenVariant } from "./storm/broken.js";
import type { DriverName, EmitterName } from "./storm/scenario.js";

/** What one run came to. */
export interface RunResult extends Seen {
  readonly seed: number;
  readonly events: number;
  readonly records: number;
  /** Objects, items, documents, records or rows at the destination. */
  readonly objects: number;
  readonly crashes: number;
  readonly pauses: number;
  readonly stops: number;
  readonly reshards: number;
  /** Calls that went wrong, and outages. */
  readonly faults: number;
  /** Objects of others that were in the way. */
  readonly strangers: number;
  /** Shards that somebody paused, resets that were carried out, and those that were refused. */
  readonly shardPauses: number;
  readonly resets: number;
  readonly resetRefusals: number;
  /** Handoffs that a leader began, and records that landed again where a KCL worker delivered them. */
  readonly handoffs: number;
  readonly repeatedByKcl: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly reordered: number;
  readonly violations: readonly Violation[];
  readonly traceHash: string;
}

export interface RunOptions {
  /** What the records go to. Default `s3`. */
  readonly emitter?: EmitterName | undefined;
  readonly broken?: BrokenVariant | undefined;
  /** Whether what happens seldom happens. Default true; seeds that once failed without it are run without it. */
  readonly rarities?: boolean | undefined;
  /** Whether somebody pauses, resumes and resets shards. Default false. */
  readonly steer?: boolean | undefined;
  /** Whether modelled workers of the Java KCL share the application, in its 3.x mode. Default: workers of ours alone, in 2.x mode. */
  readonly fleet?: "kcl3" | undefined;
  /** What runs the pipeline. Default: workers of ours. */
  readonly driver?: DriverName | undefined;
  /** Given each line of the trace. */
  readonly print?: ((line: string) => void) | undefined;
}
