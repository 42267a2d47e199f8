import { NumberLists } from "./number-sets.js";
import type { ModelOptions } from "./options.js";
import { Places } from "./places.js";
import { StateStore } from "./state-store.js";

/** What an exploration came to. */
export interface ModelResult {
  /** Distinct states. */
  readonly states: number;
  /** Transitions. */
  readonly steps: number;
  /** States in which everything has been committed. */
  readonly done: number;
  /** False when it stopped because both faults had been found. */
  readonly exhausted: boolean;
  /** Fewest steps to a state in which a record at or below the checkpoint is in no object; undefined when there is none. */
  readonly lossDepth: number | undefined;
  /** Fewest steps to a state in which a record is in two objects. */
  readonly duplicateDepth: number | undefined;
}

const IDLE = 0;
const OWNED = 1;
const PREPARED = 2;
const SENT = 3;

/** Writes under way at a time; more add states and no new faults. */
const MAX_UNDER_WAY = 4;

/**
 * Walks every interleaving of a few workers over one shard's lease: at any moment a lease is stolen, a worker crashes, a zombie goes
 * on, a write lands late. Breadth first, so the depth of a fault is the fewest steps to it.
 */
export function explore(options: ModelOptions): ModelResult {
  return new Exploration(options).run();
}

class Exploration {
  readonly #options: ModelOptions;
  readonly #places: Places;
  readonly #lists = new NumberLists();
  readonly #store: StateStore;
  readonly #state: Uint16Array;
  readonly #next: Uint16Array;
  readonly #objects: number;
  readonly #underWay: number;
  readonly #stage: number;
  readonly #coverage = new Map<number, { readonly once: number; readonly twice: boolean }>();
  #steps = 0;

  constructor(options: ModelOptions) {
    this.#options = options;
    this.#places = new Places(options);
    // Lease, workers, objects written, writes under way, staged outcomes.
    const width = options.workers + 4;
    this.#store = new StateStore(width);
    this.#state = new Uint16Array(width);
    this.#next = new Uint16Array(width);
    this.#objects = options.workers + 1;
    this.#underWay = options.workers + 2;
    this.#stage = options.workers + 3;
  }

  run(): ModelResult {
    const { records } = this.#options;
    this.#state[0] = leaseCode(0, -1, 0, 0);
    this.#store.add(this.#state);
    let lossDepth: number | undefined;
    let duplicateDepth: number | undefined;
    let done = 0;
    let depth = 0;
    let lastOfDepth = 1;
    let index = 0;
    for (; index < this.#store.count; index += 1) {
      if (index === lastOfDepth) {
        depth += 1;
        lastOfDepth = this.#store.count;
      }
      if (lossDepth !== undefined && duplicateDepth !== undefined) break;
      this.#store.read(index, this.#state);
      const checkpoint = checkpointOf(this.#state[0]);
      const { once, twice } = this.#covered(this.#state[this.#objects] as number);
      if (twice) duplicateDepth ??= depth;
      const dealtWith = (1 << (checkpoint + 1)) - 2;
      if ((once & dealtWith) !== dealtWith) lossDepth ??= depth;
      if (checkpoint === records) done += 1;
      this.#deliverOne();
      for (let worker = 0; worker < this.#options.workers; worker += 1) this.#moveWorker(worker);
    }
    return {
      states: this.#store.count,
      steps: this.#steps,
      done,
      exhausted: index === this.#store.count,
      lossDepth,
      duplicateDepth,
    };
  }

  /** A write under way lands: in time, after a crash, after a commit. */
  #deliverOne(): void {
    const underWay = this.#lists.list(this.#state[this.#underWay] as number);
    for (let at = 0; at < underWay.length; at += 1) {
      const put = underWay[at] as number;
      this.#begin();
      this.#next[this.#objects] = this.#written(this.#state[this.#objects] as number, put);
      this.#next[this.#underWay] = this.#lists.idOf(underWay.toSpliced(at, 1));
      this.#end();
    }
  }

  #moveWorker(worker: number): void {
    const { maxCounter, heirDiscards } = this.#options;
    const lease = this.#state[0] as number;
    const code = this.#state[worker + 1] as number;
    const step = code >> 13;
    if (step !== IDLE) {
      this.#to(worker, 0, lease);
      if (step === OWNED) this.#closeOrInherit(worker);
      else if (step === PREPARED) this.#send(worker);
      else this.#commit(worker);
      return;
    }
    // Takes the lease at any time (expiry, theft), or starts again under the same name.
    const counter = counterOf(lease);
    if (counter >= maxCounter) return;
    const checkpoint = checkpointOf(lease);
    const pending = lease & 63;
    this.#to(
      worker,
      workerCode(OWNED, counter + 1, checkpoint, heirDiscards ? 0 : pending),
      leaseCode(counter + 1, worker, checkpoint, pending),
    );
  }

  #closeOrInherit(worker: number): void {
    const { prepare, outcomesStored, records, maxCounter, conditional } = this.#options;
    const code = this.#state[worker + 1] as number;
    const lease = this.#state[0] as number;
    const seen = (code >> 9) & 15;
    const checkpoint = (code >> 6) & 7;
    const inherited = code & 63;
    if (inherited !== 0 && prepare) {
      const { range } = this.#places.assigned(inherited);
      if (outcomesStored) this.#to(worker, workerCode(PREPARED, seen, checkpoint, inherited), lease);
      else {
        for (const assignment of this.#places.assignments(range))
          this.#to(
            worker,
            workerCode(PREPARED, seen, checkpoint, this.#places.idOf(range, assignment)),
            lease,
          );
      }
      return;
    }
    const counter = counterOf(lease);
    for (let end = checkpoint + 1; end <= records; end += 1) {
      const range = { start: checkpoint, end };
      if (prepare && conditional && counter !== seen) {
        this.#to(worker, 0, lease);
        continue;
      }
      if (prepare && counter >= maxCounter) continue;
      for (const assignment of this.#places.assignments(range)) {
        const assigned = this.#places.idOf(range, assignment);
        if (!prepare) {
          this.#to(worker, workerCode(PREPARED, seen, checkpoint, assigned), lease);
          continue;
        }
        const stored = outcomesStored ? assigned : this.#places.idOf(range, undefined);
        this.#to(
          worker,
          workerCode(PREPARED, counter + 1, checkpoint, assigned),
          leaseCode(counter + 1, ownerOf(lease), checkpointOf(lease), stored),
        );
      }
    }
  }

  #send(worker: number): void {
    const code = this.#state[worker + 1] as number;
    let assigned = code & 63;
    let stage = this.#state[this.#stage] as number;
    if (this.#options.objects === "staged") {
      const { range } = this.#places.assigned(assigned);
      const staged = this.#lists.list(stage);
      const earlier = staged.find((one) => this.#places.assigned(one).range === range);
      if (earlier === undefined) stage = this.#lists.idOf([...staged, assigned]);
      else assigned = earlier;
    }
    const underWay = [
      ...this.#lists.list(this.#state[this.#underWay] as number),
      ...this.#places.putsOf(assigned),
    ];
    this.#begin();
    this.#next[worker + 1] = (SENT << 13) | (code & 0x1fc0) | assigned;
    this.#next[this.#stage] = stage;
    this.#next[this.#underWay] = this.#lists.idOf(underWay);
    this.#end(underWay.length);
  }

  #commit(worker: number): void {
    const { conditional, maxCounter } = this.#options;
    const code = this.#state[worker + 1] as number;
    const lease = this.#state[0] as number;
    const puts = this.#places.putsOf(code & 63);
    const written = this.#lists.list(this.#state[this.#objects] as number);
    const underWay = this.#lists.list(this.#state[this.#underWay] as number);
    const hasKey = (put: number): boolean => written.some((one) => this.#keyOf(one) === this.#keyOf(put));
    if (!puts.every((put) => hasKey(put) && !underWay.includes(put))) return;
    const counter = counterOf(lease);
    if (conditional && counter !== ((code >> 9) & 15)) {
      this.#to(worker, 0, lease);
      return;
    }
    if (counter >= maxCounter) return;
    const { end } = this.#places.assigned(code & 63).range;
    this.#to(worker, workerCode(OWNED, counter + 1, end, 0), leaseCode(counter + 1, ownerOf(lease), end, 0));
  }

  #keyOf(put: number): number {
    return (this.#places.puts[put] as { readonly key: number }).key;
  }

  #written(objects: number, put: number): number {
    const before = this.#lists.list(objects);
    const key = this.#keyOf(put);
    const there = before.findIndex((one) => this.#keyOf(one) === key);
    if (there < 0) return this.#lists.idOf([...before, put]);
    return this.#options.ifNoneMatch ? objects : this.#lists.idOf(before.with(there, put));
  }

  #covered(objects: number): { readonly once: number; readonly twice: boolean } {
    let known = this.#coverage.get(objects);
    if (known === undefined) {
      let once = 0;
      let twice = false;
      for (const put of this.#lists.list(objects)) {
        const { records } = this.#places.puts[put] as { readonly records: number };
        twice ||= (once & records) !== 0;
        once |= records;
      }
      known = { once, twice };
      this.#coverage.set(objects, known);
    }
    return known;
  }

  #to(worker: number, code: number, lease: number): void {
    this.#begin();
    this.#next[0] = lease;
    this.#next[worker + 1] = code;
    this.#end();
  }

  #begin(): void {
    this.#next.set(this.#state);
  }

  #end(underWay = 0): void {
    this.#steps += 1;
    if (underWay <= MAX_UNDER_WAY) this.#store.add(this.#next);
  }
}

function leaseCode(counter: number, owner: number, checkpoint: number, pending: number): number {
  return (counter << 11) | ((owner + 1) << 9) | (checkpoint << 6) | pending;
}

function counterOf(lease: number): number {
  return lease >> 11;
}

function ownerOf(lease: number): number {
  return ((lease >> 9) & 3) - 1;
}

function checkpointOf(lease: number): number {
  return (lease >> 6) & 7;
}

function workerCode(step: number, counter: number, checkpoint: number, assigned: number): number {
  return (step << 13) | (counter << 9) | (checkpoint << 6) | assigned;
}
