import type { ConsoleShard, ConsoleSnapshot, ConsoleState } from "../../src/index.js";

type ProcessShard = ConsoleSnapshot["shards"][number];

/** What a shard is doing. `abandoned`: its owner does not renew any more, and nobody has taken it yet. */
export type RowState = ConsoleShard["state"] | "abandoned";

/** A shard as the console shows it: its row in the lease table, and what its process tells besides. */
export interface Row {
  readonly shardId: string;
  readonly state: RowState;
  readonly owner: string | null;
  readonly ownerKind: ConsoleShard["ownerKind"];
  readonly nextOwner: string | null;
  /** How long ago everything that had arrived was delivered; null where nobody says it. */
  readonly deliveredAgoMs: number | null;
  readonly behindMs: number | null;
  readonly checkpoint: string;
  readonly subSequenceNumber: number;
  readonly pending: ConsoleShard["pending"];
  readonly parents: readonly string[];
  readonly children: readonly string[];
  readonly paused: ConsoleShard["paused"];
  readonly ownerSwitches: number;
  readonly hashKeyRange: ConsoleShard["hashKeyRange"];
  /** What its process tells; null where none is connected that has it. */
  readonly live: ProcessShard | null;
  /** Why somebody should look; null where nobody has to. */
  readonly attention: string | null;
}

/** Longer ago than this a shard should have delivered: that of `status --check`. */
const MAX_LAG_MS = 300_000;

/** The shards of an application, in the order of their ids. */
export function rowsOf(state: ConsoleState): readonly Row[] {
  const live = new Map<string, ProcessShard>();
  const reasons = new Map<string, string>();
  for (const { snapshot } of state.processes) {
    if (snapshot === null) continue;
    for (const shard of snapshot.shards)
      if (shard.state !== "ended" || !live.has(shard.shardId)) live.set(shard.shardId, shard);
    for (const { shardId, status, cure } of snapshot.health.reasons)
      if (shardId !== undefined && status !== "ok") reasons.set(shardId, cure);
  }
  if (state.fleet === null) return [...live.values()].map((shard) => rowOfProcess(shard, state, reasons));
  const silent = new Set(
    state.fleet.workers.filter(({ isRenewing }) => isRenewing === false).map(({ owner }) => owner),
  );
  return state.fleet.shards.map((shard) => {
    const { owner } = shard;
    const isAbandoned = shard.state === "reading" && owner !== null && silent.has(owner);
    const known = live.get(shard.shardId) ?? null;
    // Of a process that has lost it meanwhile, or has it no more, the row knows better.
    const isLive = known !== null && shard.state !== "ended";
    const rowState: RowState = isAbandoned ? "abandoned" : shard.state;
    const deliveredAgoMs = deliveredAgo(state.nowMs, shard, isLive ? known : null);
    return {
      ...shard,
      state: rowState,
      deliveredAgoMs,
      behindMs: isLive ? (known.millisBehindLatest ?? null) : null,
      live: isLive ? known : null,
      attention: attentionOf(rowState, deliveredAgoMs) ?? reasons.get(shard.shardId) ?? null,
    };
  });
}

function deliveredAgo(nowMs: number, shard: ConsoleShard, live: ProcessShard | null): number | null {
  if (shard.state === "ended") return null;
  const throughMs = Math.max(shard.readThroughMs ?? -1, live?.readThroughMs ?? -1);
  return throughMs < 0 ? null : Math.max(0, nowMs - throughMs);
}

function attentionOf(state: RowState, deliveredAgoMs: number | null): string | undefined {
  if (state === "ended" || state === "waiting" || state === "paused" || state === "pausing") return undefined;
  if (state === "unowned") return "nobody owns it: start a worker, or see why none takes it";
  if (state === "abandoned") return "its owner does not renew it: another worker takes it, if one runs";
  if (deliveredAgoMs !== null && deliveredAgoMs > MAX_LAG_MS)
    return "its last delivery is more than 5 min ago";
  return undefined;
}

/** Of a process that was not given the lease table: its own shards, as far as it tells. */
function rowOfProcess(shard: ProcessShard, state: ConsoleState, reasons: ReadonlyMap<string, string>): Row {
  const owner =
    state.processes.find(({ snapshot }) => snapshot?.shards.includes(shard) === true)?.snapshot?.ownerId ??
    null;
  const { checkpoint, pausedSinceMs, readThroughMs } = shard;
  return {
    shardId: shard.shardId,
    state: shard.state === "waiting-for-parent" ? "waiting" : shard.state,
    owner,
    ownerKind: "ours",
    nextOwner: null,
    deliveredAgoMs:
      shard.state === "ended" || readThroughMs === undefined
        ? null
        : Math.max(0, state.nowMs - readThroughMs),
    behindMs: shard.millisBehindLatest ?? null,
    checkpoint: checkpoint?.sequenceNumber ?? "",
    subSequenceNumber: checkpoint?.subSequenceNumber ?? 0,
    pending: null,
    parents: [],
    children: [],
    paused: pausedSinceMs === undefined ? null : { sinceMs: pausedSinceMs, by: null, isDone: true },
    ownerSwitches: 0,
    hashKeyRange: null,
    live: shard,
    attention: reasons.get(shard.shardId) ?? null,
  };
}

/** Which shards a table shows. */
export type Filter = "all" | "reading" | "paused" | "ended" | "attention";

export const FILTERS: readonly Filter[] = ["all", "reading", "paused", "ended", "attention"];

/** Whether a row is among those that are asked for. */
export function isShown(row: Row, filter: Filter): boolean {
  switch (filter) {
    case "all":
      return true;
    case "attention":
      return row.attention !== null;
    case "reading":
      return row.state === "reading" || row.state === "handoff" || row.state === "waiting";
    case "paused":
      return row.state === "paused" || row.state === "pausing";
    default:
      return row.state === "ended";
  }
}

/** What a table of shards can be sorted by. */
export type SortKey = "shard" | "state" | "owner" | "delivered" | "behind" | "buffer";

export interface Sort {
  readonly key: SortKey;
  readonly isDescending: boolean;
}

/** Rows in an order; equal ones, and those of which nothing is known, by their ids at the end. */
export function sorted(rows: readonly Row[], { key, isDescending }: Sort): readonly Row[] {
  const direction = isDescending ? -1 : 1;
  return rows.toSorted((a, b) => {
    const [left, right] = [valueOf(a, key), valueOf(b, key)];
    if (left === null || right === null) {
      if (left !== right) return left === null ? 1 : -1;
    } else if (left !== right) return (left < right ? -1 : 1) * direction;
    return byId(a, b) * (key === "shard" ? direction : 1);
  });
}

function valueOf(row: Row, key: SortKey): number | string | null {
  switch (key) {
    case "state":
      return row.state;
    case "owner":
      return row.owner;
    case "delivered":
      return row.deliveredAgoMs;
    case "behind":
      return row.behindMs;
    case "buffer":
      return row.live?.bufferedBytes ?? null;
    default:
      return null;
  }
}

function byId(a: Row, b: Row): number {
  return a.shardId < b.shardId ? -1 : a.shardId > b.shardId ? 1 : 0;
}

/** Rows that a scrolled table has to draw: those in sight, and some around them. */
export function windowOf(
  total: number,
  {
    scrollTop,
    height,
    rowHeight,
  }: { readonly scrollTop: number; readonly height: number; readonly rowHeight: number },
): { readonly from: number; readonly to: number } {
  const around = 8;
  const from = Math.max(0, Math.min(total, Math.floor(scrollTop / rowHeight)) - around);
  const to = Math.min(total, Math.ceil((scrollTop + height) / rowHeight) + around);
  return { from, to: Math.max(from, to) };
}
