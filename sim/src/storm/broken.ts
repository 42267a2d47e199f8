import type { LeaseChange } from "@kinesis-connectors/consumer";
import type { BrokenLeases } from "../services/sim-leases.js";
import type { BrokenBucket } from "../services/sim-s3.js";

/** A variant of the protocol that is broken on purpose: a check that cannot fail proves nothing. */
export type BrokenVariant =
  | "no-prepare"
  | "start-only-key"
  | "recovery-discards"
  | "unconditional-write"
  | "outcomes-stripped"
  | "unguarded"
  | "unversioned";

/** Variants of the protocol of prepared batches. */
export const BROKEN_VARIANTS: readonly BrokenVariant[] = [
  "no-prepare",
  "start-only-key",
  "recovery-discards",
  "unconditional-write",
  "outcomes-stripped",
];

/** Variants of what keeps the order of a key at the destination. */
export const BROKEN_GUARDS: readonly BrokenVariant[] = ["unguarded", "unversioned"];

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
} {
  const sound = {
    leases: {},
    bucket: undefined,
    isPrepared: true,
    isUnguarded: false,
    isUnversioned: false,
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
    case "unversioned":
      return { ...sound, isUnversioned: true };
    default:
      variant satisfies "unguarded";
      return { ...sound, isUnguarded: true };
  }
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
