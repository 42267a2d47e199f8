import type { Cost } from "./cost.js";
import type { ForeignRow } from "./foreign-rows.js";
import type { ShardStatus } from "@kinesis-connectors/leases";
import type { Attention } from "./verdict.js";

/** What `status --json` prints of one application. */
export interface StatusReport {
  readonly application: string;
  readonly leaseTable: string;
  readonly stream: string | null;
  /** `cv` of the row `Migration3.0`; null for the algorithms of KCL 2.x. */
  readonly fleetMode: string | null;
  readonly nowMs: number;
  readonly workers: number;
  readonly paused: number;
  /** The longest ago that any shard in work has delivered; null where no row says it. */
  readonly deliveredAgoMs: number | null;
  readonly shards: readonly (ShardStatus & { readonly behindMs: number | null })[];
  readonly attention: readonly Attention[];
  readonly foreign: readonly ForeignRow[];
  readonly cost: Cost & { readonly kinesisReads: number };
}
