import { isEnded, type WorkerReport } from "@kinesis-connectors/leases";
import { balance } from "./balance.js";
import { FleetView, type LoadedWorker, type SeenLease } from "./fleet-view.js";

/** A lease and the worker that shall have it. */
export interface Move {
  readonly seen: SeenLease;
  readonly to: string;
  /** `assign`: at once, because nobody holds it. `hand-off`: its owner lets go of it first. */
  readonly how: "assign" | "hand-off";
}

export interface Decision {
  readonly leases: readonly SeenLease[];
  /** The workers that may get leases. */
  readonly workers: readonly WorkerReport[];
  /** Workers that renew nothing: they get leases only where there is nobody else. */
  readonly silent: ReadonlySet<string>;
  readonly maxLeasesForWorker: number;
  /** Whether leases of living workers are moved too. */
  readonly balances: boolean;
}

/** Who gets which lease: first those that nobody has, the longest abandoned first, then what makes the fleet even. */
export function decide(decision: Decision): readonly Move[] {
  const { leases, workers, silent, maxLeasesForWorker, balances } = decision;
  const reliable = workers.filter(({ workerId }) => !silent.has(workerId));
  const view = new FleetView(leases, reliable.length === 0 ? workers : reliable);
  const moves: Move[] = [];
  const free = leases.filter(({ isFree }) => isFree).toSorted((a, b) => a.changedMs - b.changedMs);
  for (const seen of free) {
    const to = roomiest(
      view,
      view.workers.filter((worker) => worker.leases.size < maxLeasesForWorker),
    );
    if (to === undefined) break;
    view.give(seen, to);
    moves.push({ seen, to: to.workerId, how: "assign" });
  }
  if (!balances) return moves;
  for (const { seen, to } of balance(view, maxLeasesForWorker))
    // Nobody works on a finished shard: it moves at once.
    moves.push({ seen, to: to.workerId, how: isEnded(seen.lease) ? "assign" : "hand-off" });
  return moves;
}

/** The worker with most room; of several that have as much, the one with the fewest leases. */
function roomiest(view: FleetView, workers: readonly LoadedWorker[]): LoadedWorker | undefined {
  let best: LoadedWorker | undefined;
  let bestRoom = Number.NEGATIVE_INFINITY;
  for (const worker of workers) {
    const room = view.roomOf(worker);
    if (
      best !== undefined &&
      (room < bestRoom || (room === bestRoom && worker.leases.size >= best.leases.size))
    )
      continue;
    best = worker;
    bestRoom = room;
  }
  return best;
}
