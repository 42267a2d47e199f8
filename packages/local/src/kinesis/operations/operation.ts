import type { Random } from "../../clock.js";
import type { FiredFault } from "../../faults.js";
import type { Account } from "../streams/account.js";
import type { Input, WireObject } from "../protocol/values.js";

/** How the server behaves where the service leaves a choice. */
export interface Behaviour {
  /** Share of GetRecords pages that come back empty with records left, 0 to 1. */
  readonly emptyPages: number;
  /** Whether the end of a closed shard shows with its last records or on an empty page after them. */
  readonly shardEnd: "with-records" | "empty-page";
  /** SubscribeToShard sends an event without records after this long without one, milliseconds. */
  readonly idleEventMs: number;
}

/** One call of an operation. */
export interface Call {
  readonly account: Account;
  readonly input: Input;
  readonly faults: readonly FiredFault[];
  readonly behaviour: Behaviour;
  readonly random: Random;
}

/** Checks the input, changes the account, gives the answer; throws a KinesisError otherwise. */
type Operation = (call: Call) => WireObject;

/** Operations by name, and whether they change anything. */
export type Operations = Readonly<Record<string, { readonly run: Operation; readonly changes: boolean }>>;
