import type { Clock, Random } from "./clock.js";
import { LocalAwsError } from "./errors.js";
import { effectNames, isFaultEffect, type FaultEffect, type FaultKind } from "./fault-effects.js";
import type { CallParameters, ServerName } from "./journal.js";
import { checkNames, type NamesOf } from "./known-options.js";

/** One call, as rules look at it. */
export interface FaultCall {
  readonly server: ServerName;
  readonly operation: string;
  readonly parameters: CallParameters;
}

/** When something goes wrong, how often, and what. Plain JSON but for `predicate`. */
export interface FaultRule {
  /** Name shown in the journal; default `fault-<n>`. */
  readonly id?: string;
  /** Default: any server. */
  readonly server?: ServerName;
  /** One operation or several, as AWS spells them. Default: any. */
  readonly operation?: string | readonly string[];
  /** Parameters that must be equal, for example `{ shardId: "shardId-000000000000" }`. */
  readonly where?: CallParameters;
  /** Any further condition; in-process only. */
  readonly predicate?: (call: FaultCall) => boolean;
  /** Starts at the nth matching call, from 1. Default 1. */
  readonly nth?: number;
  /** Number of times that it fires. Default 1. */
  readonly times?: number | "always";
  /** Chance to fire on a matching call, from the seed. Default 1. */
  readonly probability?: number;
  /** Only from this moment on, milliseconds since 1970. */
  readonly fromMs?: number;
  /** Only before this moment, milliseconds since 1970. */
  readonly untilMs?: number;
  /** Before or after the change is applied. Default `before`; `reply-lost` is always `after`. */
  readonly phase?: "before" | "after";
  readonly effect: FaultEffect;
}

/** A rule that fired on a call. */
export interface FiredFault {
  readonly id: string;
  readonly phase: "before" | "after";
  readonly effect: FaultEffect;
}

/** A rule and how often it matched and fired. */
export interface FaultStatus {
  readonly id: string;
  readonly matched: number;
  readonly fired: number;
  readonly effect: FaultKind;
}

/** The rules of all servers. */
export interface Faults {
  /** Adds a rule; gives its id. Throws `KC_LOCAL_BAD_OPTION` when the rule makes no sense. */
  readonly add: (rule: FaultRule) => string;
  readonly remove: (id: string) => boolean;
  readonly clear: () => void;
  readonly list: () => readonly FaultStatus[];
  /** Rules that never fired: a test that set one has not tested what it believes. */
  readonly unfired: () => readonly string[];
  /** Called by a server once per call: which rules fire now. Counts them. */
  readonly take: (call: FaultCall) => readonly FiredFault[];
}

interface LiveRule {
  readonly id: string;
  readonly rule: FaultRule;
  matched: number;
  fired: number;
}

const RULE_NAMES: NamesOf<FaultRule> = {
  id: true,
  server: true,
  operation: true,
  where: true,
  predicate: true,
  nth: true,
  times: true,
  probability: true,
  fromMs: true,
  untilMs: true,
  phase: true,
  effect: true,
};

/** No rule fired; shared so that the usual call allocates nothing. */
const noFaults: readonly FiredFault[] = [];

function check(rule: FaultRule): void {
  checkNames("a fault rule", rule, RULE_NAMES);
  const problem = !isFaultEffect(rule.effect)
    ? "its effect needs a known kind and that kind's fields"
    : rule.nth !== undefined && !(rule.nth >= 1)
      ? "nth counts from 1"
      : rule.times !== undefined && rule.times !== "always" && !(rule.times >= 1)
        ? 'times is a number from 1 or "always"'
        : rule.probability !== undefined && !(rule.probability >= 0 && rule.probability <= 1)
          ? "probability lies between 0 and 1"
          : undefined;
  if (problem) throw new LocalAwsError("KC_LOCAL_BAD_OPTION", `[local] fault rule refused: ${problem}`);
  checkNames(`a fault's effect ${rule.effect.kind}`, rule.effect, effectNames(rule.effect));
}

function matches(rule: FaultRule, call: FaultCall, now: number): boolean {
  if (rule.server !== undefined && rule.server !== call.server) return false;
  if (typeof rule.operation === "string" && rule.operation !== call.operation) return false;
  if (Array.isArray(rule.operation) && !rule.operation.includes(call.operation)) return false;
  if (rule.fromMs !== undefined && now < rule.fromMs) return false;
  if (rule.untilMs !== undefined && now >= rule.untilMs) return false;
  for (const [name, value] of Object.entries(rule.where ?? {}))
    if (call.parameters[name] !== value) return false;
  return rule.predicate?.(call) ?? true;
}

/** Starts an engine without rules. */
export function createFaults(options: { readonly clock: Clock; readonly random: Random }): Faults {
  let rules: LiveRule[] = [];
  let count = 0;
  return {
    add: (rule) => {
      check(rule);
      count += 1;
      const id = rule.id ?? `fault-${count}`;
      rules.push({ id, rule, matched: 0, fired: 0 });
      return id;
    },
    remove: (id) => {
      const before = rules.length;
      rules = rules.filter((live) => live.id !== id);
      return rules.length < before;
    },
    clear: () => {
      rules = [];
    },
    list: () =>
      rules.map(({ id, matched, fired, rule }) => ({ id, matched, fired, effect: rule.effect.kind })),
    unfired: () => rules.filter((live) => live.fired === 0).map((live) => live.id),
    take: (call) => {
      if (rules.length === 0) return noFaults;
      const now = options.clock.now();
      const fired: FiredFault[] = [];
      for (const live of rules) {
        const { rule } = live;
        if (!matches(rule, call, now)) continue;
        live.matched += 1;
        if (live.matched < (rule.nth ?? 1)) continue;
        if (rule.times !== "always" && live.fired >= (rule.times ?? 1)) continue;
        if (rule.probability !== undefined && options.random.next() >= rule.probability) continue;
        live.fired += 1;
        const phase = rule.effect.kind === "reply-lost" ? "after" : (rule.phase ?? "before");
        fired.push({ id: live.id, phase, effect: rule.effect });
      }
      return fired;
    },
  };
}

/** The first fired fault of one kind (and phase, when asked), typed by its kind. */
export function findFault<Kind extends FaultKind>(
  fired: readonly FiredFault[],
  kind: Kind,
  phase?: "before" | "after",
): Extract<FaultEffect, { readonly kind: Kind }> | undefined {
  for (const fault of fired) {
    if (isOfKind(fault.effect, kind) && (phase === undefined || fault.phase === phase)) return fault.effect;
  }
  return undefined;
}

/** Whether the call comes to nothing: the connection dies, or carries nothing more, before the change is made. */
export function isCutBefore(fired: readonly FiredFault[]): boolean {
  return (
    findFault(fired, "reset", "before") !== undefined || findFault(fired, "half-open", "before") !== undefined
  );
}

function isOfKind<Kind extends FaultKind>(
  effect: FaultEffect,
  kind: Kind,
): effect is Extract<FaultEffect, { readonly kind: Kind }> {
  return effect.kind === kind;
}
