import type { Lease, LeaseChange } from "@kinesis-connectors/consumer";
import type { WorkerReport } from "@kinesis-connectors/leases";
import { actualOwner, isLedMode } from "../kcl/rows.js";
import { HANDOFF_MS } from "../kcl/times.js";
import type { Scheduler } from "../world/scheduler.js";
import type { SimProcess } from "../world/sim-process.js";
import { type SentCall, shardOf } from "./shard-call.js";
import type { Violation } from "./violation.js";

/** The mode of a fleet is looked at each minute, a little sooner or later, and a call that is under way may be late by seconds. */
const MODE_MS = 160_000;
/** Reads may be behind by so much, and answers and timers of a moment come in any order. */
const SLACK_MS = 600;
/** An answer to a KCL worker, which counts from it, may take this long over all tries. */
const KCL_SLACK_MS = 15_000;
/** A report counts for a minute, is written every 30 s, a tenth sooner or later, and may take some tries. */
const REPORT_MS = 75_000;
/** How long a worker has after its start, a pause or an outage until it must be seen. */
const JOIN_MS = 90_000;

interface ShardState {
  /** Who may work on it, and until when each other one might. */
  owner: string | undefined;
  readonly lastOwnedMs: Map<string, number>;
  /** When its owner last wrote, or it was given to its owner. */
  wroteMs: number;
  handoff: { readonly from: string; readonly sinceMs: number } | undefined;
}

/** A process that must be seen by whoever leads. */
export interface Member {
  readonly process: SimProcess;
  readonly ownerId: string;
  readonly startedMs: number;
}

/**
 * Looks at a fleet in 3.x mode, row by row and call by call: one owner at a time (during a handoff the old one), nobody robbed of a lease that it renews,
 * handoffs that the old owner itself ends in time, reports that a leader can see, shards that are read.
 */
export class FleetChecker {
  readonly #scheduler: Scheduler;
  readonly #failoverMs: number;
  readonly #report: (violation: Violation) => void;
  readonly #shards = new Map<string, ShardState>();
  readonly #owners = new Map<string, string>();
  readonly #processes = new Map<string, SimProcess>();
  readonly #leaving = new Set<string>();
  readonly #readMs = new Map<string, number>();
  readonly #modeNow: () => string | undefined;
  #mode: string | undefined;
  #modeSinceMs = Number.NEGATIVE_INFINITY;
  #disturbedMs = 0;
  handoffs = 0;
  /** Told of each handoff that begins. */
  handedOff: (from: string, to: string) => void = () => undefined;

  constructor(options: {
    readonly scheduler: Scheduler;
    readonly failoverMs: number;
    /** What the row `Migration3.0` says. */
    readonly mode: () => string | undefined;
    /** The mode in which everybody starts. */
    readonly firstMode: string | undefined;
    readonly report: (violation: Violation) => void;
  }) {
    this.#scheduler = options.scheduler;
    this.#failoverMs = options.failoverMs;
    this.#modeNow = options.mode;
    this.#mode = options.firstMode;
    this.#report = options.report;
  }

  /** Something keeps everybody from the lease table until then. */
  disturb(untilMs: number): void {
    this.#disturbedMs = Math.max(this.#disturbedMs, untilMs);
  }

  /** A process and the name under which it owns leases. */
  join(process: SimProcess, ownerId: string): void {
    this.#owners.set(process.name, ownerId);
    this.#processes.set(ownerId, process);
  }

  /** The process that owns leases under a name. */
  processOf(ownerId: string | undefined): SimProcess | undefined {
    return ownerId === undefined ? undefined : this.#processes.get(ownerId);
  }

  ownerOf({ name }: SimProcess): string | undefined {
    return this.#owners.get(name);
  }

  /** When a shard was last read, in virtual milliseconds; undefined when it never was. */
  readMs(shardId: string): number | undefined {
    return this.#readMs.get(shardId);
  }

  /** A row was changed by a process; `change` is what it asked for, where it is one of ours. */
  changed(process: SimProcess, before: Lease, after: Lease, isKcl: boolean, change?: LeaseChange): void {
    if (change?.type === "take") this.join(process, change.owner);
    const me = this.ownerOf(process);
    const { nowMs } = this.#scheduler;
    const state = this.#stateOf(before);
    const was = actualOwner(before);
    const becomes = actualOwner(after);
    if (!isKcl && (change?.type === "take" || change?.type === "assign"))
      this.#checkRobbed(process, me, before, state);
    if (before.checkpointOwner === undefined && after.checkpointOwner !== undefined) {
      state.handoff = { from: after.checkpointOwner, sinceMs: nowMs };
      this.handoffs += 1;
      this.handedOff(after.checkpointOwner, after.owner ?? "");
    } else if (after.checkpointOwner === undefined && state.handoff !== undefined) {
      // An owner that does not renew either has let go by its own clock.
      if (me !== state.handoff.from && nowMs - state.wroteMs < this.#failoverMs)
        this.#checkForced(before, state.handoff);
      state.handoff = undefined;
    }
    if (was !== becomes && was !== undefined) state.lastOwnedMs.set(was, nowMs);
    if (after.counter > before.counter && (me === was || was !== becomes || change?.type === "assign"))
      state.wroteMs = nowMs;
    state.owner = becomes;
  }

  /** A call leaves a process: whoever reads a shard or writes for it must own it, or have owned it a moment ago. */
  sent(call: SentCall): void {
    const { process, name } = call;
    // Whoever takes its report back has begun to stop.
    if (name === "retract") this.#leaving.add(process.name);
    const shardId = shardOf(call);
    const me = this.ownerOf(process);
    if (shardId === undefined || me === undefined) return;
    const { nowMs } = this.#scheduler;
    if (name === "GetRecords") this.#readMs.set(shardId, nowMs);
    const state = this.#shards.get(shardId);
    if (state === undefined || state.owner === me) return;
    const lastMs = state.lastOwnedMs.get(me);
    if (lastMs === undefined) {
      this.#tell("owner", `${process.name} sends ${name} for ${shardId}, which is not given to it yet`);
      return;
    }
    const isKcl = process.name === me;
    const slackMs = isKcl ? this.#failoverMs + KCL_SLACK_MS : this.#failoverMs / 3 + SLACK_MS;
    const overMs = nowMs - Math.max(lastMs, process.resumedMs) - this.#failoverMs - slackMs;
    if (overMs > 0)
      this.#tell(
        "owner",
        `${process.name} sends ${name} for ${shardId}, ${overMs} ms after it had to let go`,
      );
  }

  /** The reports of the fleet, and the workers of ours that are up. */
  look(reports: ReadonlyMap<string, WorkerReport>, members: readonly Member[]): void {
    const { nowMs } = this.#scheduler;
    if (!this.#isSettled) return;
    for (const { process, ownerId, startedMs } of members) {
      const sinceMs = Math.max(startedMs, process.resumedMs, process.jumpedMs, this.#disturbedMs);
      const isUp = !process.isPaused && !process.isOver && !this.#leaving.has(process.name);
      const isJudged = isUp && process.wallShiftMs === 0;
      if (!isJudged || nowMs - sinceMs < JOIN_MS) continue;
      const updatedS = reports.get(ownerId)?.updatedS;
      const ageMs = updatedS === undefined ? undefined : process.clock.now() - updatedS * 1_000;
      if (ageMs === undefined || ageMs > REPORT_MS)
        this.#tell(
          "starved",
          `${process.name} is up, and its report is ${ageMs === undefined ? "missing" : "old"}`,
        );
    }
  }

  /** The leader must leave a lease to whoever renews it, unless that one was told to let go and did not. */
  #checkRobbed(process: SimProcess, me: string | undefined, before: Lease, state: ShardState): void {
    const owner = actualOwner(before);
    const { nowMs } = this.#scheduler;
    if (!this.#isSettled || owner === undefined || owner === me || before.checkpoint === "SHARD_END") return;
    const handoffMs = state.handoff === undefined ? 0 : nowMs - state.handoff.sinceMs;
    const idleMs = nowMs - state.wroteMs;
    if (idleMs >= this.#failoverMs - SLACK_MS || handoffMs >= HANDOFF_MS + this.#failoverMs - SLACK_MS)
      return;
    this.#tell(
      "robbed",
      `${process.name} takes ${before.leaseKey} from ${owner}, which wrote ${idleMs} ms ago`,
    );
  }

  /** A handoff was ended for an old owner of ours: it must have been kept from doing that itself. */
  #checkForced(
    { leaseKey }: Lease,
    { from, sinceMs }: { readonly from: string; readonly sinceMs: number },
  ): void {
    const process = this.#processes.get(from);
    if (!this.#isSettled || process === undefined || process.name === from) return;
    if (process.isDead || process.isPaused || process.isOver) return;
    const forMs = this.#scheduler.nowMs - Math.max(sinceMs, process.resumedMs, this.#disturbedMs);
    if (forMs > HANDOFF_MS + this.#failoverMs / 2)
      this.#tell(
        "handoff",
        `${process.name} was told to let go of ${leaseKey}, and had not after ${forMs} ms`,
      );
  }

  /** Whether everybody knows by now that a leader assigns. */
  get #isSettled(): boolean {
    const mode = this.#modeNow();
    if (mode !== this.#mode) {
      this.#mode = mode;
      this.#modeSinceMs = this.#scheduler.nowMs;
    }
    return isLedMode(this.#mode) && this.#scheduler.nowMs - this.#modeSinceMs >= MODE_MS;
  }

  #stateOf(row: Lease): ShardState {
    const known = this.#shards.get(row.leaseKey);
    if (known !== undefined) return known;
    const state = { owner: actualOwner(row), lastOwnedMs: new Map(), wroteMs: 0, handoff: undefined };
    this.#shards.set(row.leaseKey, state);
    return state;
  }

  #tell(rule: string, what: string): void {
    this.#report({ rule, what });
  }
}
