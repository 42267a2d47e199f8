import type { Clock } from "@kinesis-connectors/core";
import type { HeldLease, Lease } from "@kinesis-connectors/leases";
import type { WorkerEvent } from "../worker-events.js";
import type { WorkerOptions } from "../worker.js";

export interface ShardPauseOptions extends Pick<WorkerOptions, "watchPaused"> {
  readonly held: HeldLease;
  readonly clock: Clock;
  readonly observe: (event: WorkerEvent) => void;
}

/** The task that holds: whether it is being ended, and how it waits for what happens next. */
export interface Holding {
  readonly isStopping: () => boolean;
  readonly untilWoken: () => Promise<void>;
}

interface Wanted {
  readonly pausedMs: number;
  readonly pausedBy: string | undefined;
}

/** What the row of a held lease asks for: whether its shard is to be held and not read. */
export class ShardPause {
  readonly #options: ShardPauseOptions;
  #wanted: Wanted | undefined;
  /** Whether this owner has said in the row that it has stopped. */
  #isSaid = false;

  constructor(options: ShardPauseOptions) {
    this.#options = options;
    this.#wanted = wantedIn(options.held.lease);
  }

  get isWanted(): boolean {
    return this.#wanted !== undefined;
  }

  /** Takes in the row as a look at the table has shown it. Returns whether there is something to do about it. */
  heed(row: Lease): boolean {
    const { held } = this.#options;
    if (!held.notice(row)) return false;
    const before = this.#wanted;
    this.#wanted = wantedIn(row);
    // Paused anew, the row has forgotten it. What stands under an older counter may be from before this owner said so.
    const isUnsaid = row.pauseDoneMs === undefined && row.counter >= held.lease.counter;
    if (this.#isSaid && isUnsaid) this.#isSaid = false;
    return (before === undefined) !== (this.#wanted === undefined) || (this.isWanted && !this.#isSaid);
  }

  /** Holds the shard as long as its row says that it is paused: renewed, and nothing else. */
  async hold({ isStopping, untilWoken }: Holding): Promise<void> {
    if (this.#wanted === undefined || isStopping()) return;
    const { held, clock, observe, watchPaused } = this.#options;
    const { shardId } = held;
    observe({ type: "shard-pause", shardId, ...this.#wanted });
    const unwatch = watchPaused?.(held.lease);
    this.#isSaid = false;
    try {
      while (!isStopping()) {
        if (this.#wanted === undefined) {
          // A look may show what was long ago: the row itself is asked before the shard is read again.
          this.#wanted = wantedIn(await held.reload());
          if (this.#wanted === undefined) break;
        } else if (this.#isSaid) {
          await untilWoken();
        } else {
          this.#isSaid = true;
          await held.write({ type: "renew", pauseDoneMs: Math.floor(clock.now()) });
        }
      }
    } finally {
      unwatch?.();
    }
    if (!isStopping()) observe({ type: "shard-resume", shardId });
  }
}

function wantedIn({ pausedMs, pausedBy }: Lease): Wanted | undefined {
  return pausedMs === undefined ? undefined : { pausedMs, pausedBy };
}
