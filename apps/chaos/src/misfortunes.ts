import { pick, type SeededNumbers } from "@kinesis-connectors/app-sample";
import type { LocalAws } from "@kinesis-connectors/local";
import type { Fleet } from "./fleet.js";
import type { OpenShards } from "./open-shards.js";

/** How often each kind of thing went wrong. */
export interface MisfortuneCounts {
  kills: number;
  pauses: number;
  reshards: number;
  faults: number;
}

/** What the schedule works on. */
export interface MisfortuneContext {
  readonly aws: LocalAws;
  readonly fleet: Fleet;
  readonly shards: OpenShards;
  readonly next: SeededNumbers;
  readonly counts: MisfortuneCounts;
  readonly failoverTimeMs: number;
  /** Runs something later; nothing that is still waiting runs once the schedule has ended. */
  readonly later: (delayMs: number, action: () => void) => void;
}

type Misfortune = (context: MisfortuneContext) => void;

/** A worker dies at once and is replaced a moment later. */
const kill: Misfortune = ({ fleet, next, counts, later }) => {
  const victim = pick(next, [...fleet.awake, ...fleet.paused]);
  if (victim === undefined) return;
  fleet.kill(victim);
  counts.kills += 1;
  later(500 + next() * 2_000, () => fleet.start());
};

/** A worker stands still, often longer than its leases last, and wakes up not knowing. One always stays awake. */
const pause: Misfortune = ({ fleet, next, counts, failoverTimeMs, later }) => {
  const awake = fleet.awake;
  const victim = pick(next, awake);
  if (victim === undefined || awake.length < 2) return;
  fleet.pause(victim);
  counts.pauses += 1;
  later(failoverTimeMs * (0.2 + next() * 2.5), () => fleet.resume(victim));
};

/** A worker stops as a deployment would stop it, and another one starts. */
const replace: Misfortune = ({ fleet, next }) => {
  const victim = pick(next, fleet.awake);
  if (victim === undefined) return;
  fleet.replace(victim);
};

const split: Misfortune = ({ shards, next, counts }) => {
  if (shards.split(next)) counts.reshards += 1;
};

const merge: Misfortune = ({ shards, next, counts }) => {
  if (shards.merge(next)) counts.reshards += 1;
};

const FAULTS = [
  {
    server: "kinesis",
    operation: "GetRecords",
    effect: { kind: "error", status: 400, code: "ProvisionedThroughputExceededException" },
  },
  { server: "kinesis", operation: "GetRecords", effect: { kind: "iterator-expired" } },
  { server: "kinesis", operation: "GetRecords", effect: { kind: "empty-page" } },
  { server: "kinesis", operation: "GetRecords", effect: { kind: "reset", at: "inside-body" } },
  {
    server: "kinesis",
    operation: "SubscribeToShard",
    effect: { kind: "event-stream", what: "cut-frame", afterEvents: 2 },
  },
  {
    server: "kinesis",
    operation: "SubscribeToShard",
    effect: { kind: "event-stream", what: "early-end", afterEvents: 1 },
  },
  {
    server: "kinesis",
    operation: "ListShards",
    effect: { kind: "error", status: 400, code: "LimitExceededException" },
  },
  { server: "dynamodb", operation: "UpdateItem", effect: { kind: "reply-lost" } },
  {
    server: "dynamodb",
    operation: "UpdateItem",
    effect: { kind: "error", status: 400, code: "ProvisionedThroughputExceededException" },
  },
  { server: "dynamodb", operation: "UpdateItem", effect: { kind: "reset", at: "before-headers" } },
  { server: "dynamodb", operation: "UpdateItem", effect: { kind: "delay", delayMs: 900 } },
  {
    server: "dynamodb",
    operation: "Scan",
    effect: { kind: "error", status: 500, code: "InternalServerError" },
  },
  { server: "s3", operation: "PutObject", effect: { kind: "reply-lost" } },
  { server: "s3", operation: "PutObject", effect: { kind: "error", status: 503, code: "SlowDown" } },
  { server: "s3", operation: "PutObject", effect: { kind: "reset", at: "before-headers" } },
  { server: "s3", operation: "PutObject", effect: { kind: "delay", delayMs: 1_500 } },
  { server: "s3", operation: "HeadObject", effect: { kind: "error", status: 500, code: "InternalError" } },
] as const;

/** One try less than a start makes of a call: a worker that gives up then is right, and proves nothing. */
const MAX_TIMES = 5;

/** A service throttles, resets, delays, or applies a write and loses the answer, for a little while. */
const fault: Misfortune = ({ aws, next, counts }) => {
  const chosen = pick(next, FAULTS);
  if (chosen === undefined) return;
  const times = 1 + Math.floor(next() * MAX_TIMES);
  aws.faults.add({ ...chosen, times, probability: 0.2 + next() * 0.8 });
  counts.faults += 1;
};

/** Faults are many and small, the rest is rarer: the shares of a throw of the dice. */
const MISFORTUNES: readonly { readonly share: number; readonly happen: Misfortune }[] = [
  { share: 0.55, happen: fault },
  { share: 0.13, happen: kill },
  { share: 0.13, happen: pause },
  { share: 0.05, happen: replace },
  { share: 0.08, happen: split },
  { share: 0.06, happen: merge },
];

/** Lets the next thing go wrong. */
export function nextMisfortune(context: MisfortuneContext): void {
  let dice = context.next();
  for (const { share, happen } of MISFORTUNES) {
    dice -= share;
    if (dice <= 0) {
      happen(context);
      return;
    }
  }
}
