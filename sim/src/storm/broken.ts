import type { Lease, LeaseChange } from "@kinesis-connectors/consumer";
import { HeldLease } from "@kinesis-connectors/leases";
import type { BrokenLeases } from "../services/breakable-table.js";
import type { BrokenPut } from "../services/puts/told.js";
import { BROKEN_TABLES, type BrokenTable } from "../services/sim-iceberg.js";
import type { BrokenBucket } from "../services/sim-s3.js";

/** A variant of the protocol that is broken on purpose: a check that cannot fail proves nothing. */
export type BrokenVariant =
  | "no-prepare"
  | "start-only-key"
  | "recovery-discards"
  | "unconditional-write"
  | "outcomes-stripped"
  | "strangers-believed"
  | "ends-believed"
  | "stops-commit"
  | "stops-endlessly"
  | "overdue-unnoticed"
  | "unguarded"
  | "unversioned"
  | "resets-unconditional"
  | "foreign-rows-believed"
  | "pauses-at-once"
  | "handoffs-ignored"
  | "handoffs-not-awaited"
  | "handoffs-discard"
  | "assigns-unconditional"
  | "unreported"
  | "no-row"
  | "factor-2"
  | "answers-unread"
  | "row-after-daemon"
  | "no-journal"
  | BrokenTable
  | BrokenPut;

/** Variants of the protocol of prepared batches. */
export const BROKEN_VARIANTS: readonly BrokenVariant[] = [
  "no-prepare",
  "start-only-key",
  "recovery-discards",
  "unconditional-write",
  "outcomes-stripped",
];

/** Variants of what a worker owes where something seldom happens, with the rules that must tell of each. */
export const BROKEN_HABITS: ReadonlyMap<BrokenVariant, readonly string[]> = new Map([
  ["strangers-believed", ["lost"]],
  ["ends-believed", ["lost"]],
  ["stops-commit", ["lost"]],
  ["stops-endlessly", ["stop"]],
  ["overdue-unnoticed", ["I12"]],
]);

/** Variants of steering, with the rules that must tell of each; only where somebody steers (`--steer`). */
export const BROKEN_STEERING: ReadonlyMap<BrokenVariant, readonly string[]> = new Map([
  ["resets-unconditional", ["asked", "I7", "undone"]],
  ["foreign-rows-believed", ["asked", "I5", "I6", "undone"]],
  ["pauses-at-once", ["pause"]],
]);

/** Variants of what a member of a fleet in 3.x mode owes the others, with the rules that must tell of each; only with `--fleet kcl3`. */
export const BROKEN_FLEETS: ReadonlyMap<BrokenVariant, readonly string[]> = new Map([
  ["handoffs-ignored", ["handoff"]],
  ["handoffs-not-awaited", ["robbed"]],
  ["handoffs-discard", ["duplicated", "I2"]],
  ["assigns-unconditional", ["robbed"]],
  ["unreported", ["starved"]],
]);

/** Variants of what a child of a daemon owes its journal, with the rules that must tell of each; only with `--driver kcl`. */
export const BROKEN_CHILDREN: ReadonlyMap<BrokenVariant, readonly string[]> = new Map([
  ["row-after-daemon", ["error", "lost"]],
  ["no-journal", ["duplicated", "I2"]],
]);

/** Variants of what a function and its mapping owe each other, with the rules that must tell of each; only with `--driver lambda`. */
export const BROKEN_FUNCTIONS: ReadonlyMap<BrokenVariant, readonly string[]> = new Map([
  ["no-row", ["duplicated", "I2"]],
  ["factor-2", ["lost", "I5"]],
  ["answers-unread", ["lost", "I5"]],
]);

/** Variants of what keeps the order of a key at the destination. */
export const BROKEN_GUARDS: readonly BrokenVariant[] = ["unguarded", "unversioned"];

/** Variants of a commit that moves data and position together; only with `--emitter iceberg`. */
export const BROKEN_COMMITS: readonly BrokenVariant[] = BROKEN_TABLES;

/** How the world around the connectors has to behave for them to work as if their protocol were the broken one. */
export function brokenWorld(variant: BrokenVariant | undefined): {
  readonly leases: BrokenLeases;
  readonly bucket: BrokenBucket | undefined;
  /** False where nothing is prepared: then it is the records that must tell, and not the missing prepare. */
  readonly isPrepared: boolean;
  /** Whether the destination takes writes whatever their condition says, or the emitter keeps no order. */
  readonly isUnguarded: boolean;
  /** Whether emitters are not told of the versions that records have of their own. */
  readonly isUnversioned: boolean;
  /** Whether readers are to take the first answer without an iterator for the end of a shard. */
  readonly believesEnds: boolean;
  readonly stopsEndlessly: boolean;
  readonly table: BrokenTable | undefined;
  readonly put: BrokenPut | undefined;
} {
  const sound = {
    leases: {},
    bucket: undefined,
    isPrepared: true,
    isUnguarded: false,
    isUnversioned: false,
    believesEnds: false,
    stopsEndlessly: false,
    table: undefined,
    put: undefined,
  };
  switch (variant) {
    case undefined:
      return sound;
    case "no-prepare":
      return { ...sound, leases: { change: unprepared }, isPrepared: false };
    case "start-only-key":
      return {
        ...sound,
        leases: { change: unprepared },
        bucket: { keyOf: withoutEnd, takenIsDone: true },
        isPrepared: false,
      };
    case "recovery-discards":
      return { ...sound, leases: { takesDiscard: true } };
    case "unconditional-write":
      return { ...sound, leases: { isUnconditional: true } };
    case "outcomes-stripped":
      return { ...sound, leases: { change: withoutOutcomes } };
    case "strangers-believed":
      return { ...sound, bucket: { keyOf: (key) => key, takenIsDone: true } };
    case "ends-believed":
      return { ...sound, believesEnds: true };
    case "stops-commit":
      return { ...sound, leases: { evictsCommit: true } };
    case "stops-endlessly":
      return { ...sound, stopsEndlessly: true };
    case "overdue-unnoticed":
    case "row-after-daemon":
    case "factor-2":
    case "answers-unread":
      return sound;
    case "no-row":
    case "no-journal":
      return { ...sound, isPrepared: false };
    case "resets-unconditional":
      return { ...sound, leases: { resetsUnconditionally: true } };
    case "foreign-rows-believed":
      return { ...sound, leases: { believesForeignRows: true } };
    case "pauses-at-once":
      return { ...sound, leases: { pausesAtOnce: true } };
    case "handoffs-ignored":
      return { ...sound, leases: { hidesHandoffs: true } };
    case "handoffs-not-awaited":
      return { ...sound, leases: { hidesOldOwners: true } };
    case "handoffs-discard":
      return { ...sound, leases: { assignsDiscard: true } };
    case "assigns-unconditional":
      return { ...sound, leases: { assignsUnconditionally: true } };
    case "unreported":
      return { ...sound, leases: { losesReports: true } };
    case "position-outside":
    case "unrequired":
    case "unlooked":
      return { ...sound, table: variant };
    case "refused-believed":
    case "refused-elsewhere":
    case "throttled-believed":
    case "ids-anew":
      return { ...sound, put: variant };
    case "unversioned":
      return { ...sound, isUnversioned: true };
    default:
      variant satisfies "unguarded";
      return { ...sound, isUnguarded: true };
  }
}

/** Breaks the product itself, where the world around it cannot; returns how it is made whole again. */
export function breakProduct(variant: BrokenVariant | undefined): () => void {
  if (variant === "overdue-unnoticed")
    return replaced("dropIfOverdue", function unnoticed(this: HeldLease): boolean {
      return this.gone.aborted;
    });
  if (variant === "foreign-rows-believed")
    return replaced("notice", function believed(this: HeldLease, row: Lease): boolean {
      return row.owner === this.lease.owner;
    });
  return () => undefined;
}

/** Puts another function in the place of one of a held lease; returns how that is undone. */
function replaced(name: "dropIfOverdue" | "notice", value: unknown): () => void {
  const whole = Object.getOwnPropertyDescriptor(HeldLease.prototype, name);
  if (whole === undefined) throw new Error("held leases are looked at in another way now");
  Object.defineProperty(HeldLease.prototype, name, { ...whole, value });
  return () => {
    Object.defineProperty(HeldLease.prototype, name, whole);
  };
}

/** The row moves on as by a renewal, and what was to be stored is not. */
function unprepared(change: LeaseChange): LeaseChange {
  return change.type === "prepare" ? { type: "renew" } : change;
}

function withoutOutcomes(change: LeaseChange): LeaseChange {
  if (change.type !== "prepare" || change.pending.state === undefined) return change;
  const stored: Record<string, unknown> = JSON.parse(new TextDecoder().decode(change.pending.state));
  delete stored["routes"];
  const { plan } = stored;
  if (typeof plan === "object" && plan !== null) stored["plan"] = { ...plan, routes: undefined };
  const state = new TextEncoder().encode(JSON.stringify(stored));
  return { ...change, pending: { ...change.pending, state } };
}

/** `<prefix>/<first>-<last><extension>` without its last. */
function withoutEnd(key: string): string {
  return key.replace(/-[\d.]*\d(?=\.(?:dead\.)?ndjson$)/, "");
}
