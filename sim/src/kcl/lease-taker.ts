import type { Lease } from "@kinesis-connectors/consumer";
import type { SeededRandom } from "../world/random.js";
import type { SimProcess } from "../world/sim-process.js";
import type { KclTable } from "./kcl-table.js";
import type { KclTimes } from "./times.js";

export interface LeaseTakerOptions {
  readonly process: SimProcess;
  readonly table: KclTable;
  readonly workerId: string;
  readonly times: KclTimes;
  readonly random: SeededRandom;
  readonly mayTake: () => boolean;
  readonly taken: (row: Lease) => void;
}

interface Sight {
  readonly lease: Lease;
  readonly lastIncMs: number;
}

const VERY_OLD_FAILOVERS = 3;

/** `DynamoDBLeaseTaker`: how a KCL worker gets its leases in 2.x mode. */
export class LeaseTaker {
  readonly #options: LeaseTakerOptions;
  #seen: ReadonlyMap<string, Sight> = new Map();

  constructor(options: LeaseTakerOptions) {
    this.#options = options;
  }

  async step(): Promise<void> {
    const { table, workerId, random, process, mayTake } = this.#options;
    if (!mayTake()) return;
    const leases = await table.list();
    const nowMs = process.clock.monotonicNow();
    this.#observe(leases, nowMs);
    const { failoverMs } = this.#options.times;
    const all = [...this.#seen.values()];
    const available = all.filter(
      ({ lease, lastIncMs }) => lease.owner === undefined || nowMs - lastIncMs > failoverMs,
    );
    const counts = new Map([[workerId, 0]]);
    for (const sight of all) {
      const { owner } = sight.lease;
      if (owner !== undefined && !available.includes(sight)) counts.set(owner, (counts.get(owner) ?? 0) + 1);
    }
    const target = counts.size >= all.length ? 1 : Math.ceil(all.length / counts.size);
    const need = target - (counts.get(workerId) ?? 0);
    const veryOld = all.filter(({ lastIncMs }) => nowMs - lastIncMs > VERY_OLD_FAILOVERS * failoverMs);
    let chosen: readonly Sight[] = [];
    if (veryOld.length > 0) chosen = veryOld;
    else if (need <= 0) return;
    else if (available.length > 0) chosen = shuffled(available, random).slice(0, need);
    else chosen = this.#toSteal(counts, need, target);
    await Promise.all(
      chosen.map(async ({ lease }) => {
        if (!mayTake()) return;
        const { isApplied, row } = await table.take(lease, workerId);
        if (isApplied && row !== undefined) this.#options.taken(row);
      }),
    );
  }

  #observe(leases: readonly Lease[], nowMs: number): void {
    const seen = new Map<string, Sight>();
    for (const lease of leases) {
      const before = this.#seen.get(lease.leaseKey);
      let lastIncMs = nowMs;
      if (before === undefined) lastIncMs = lease.owner === undefined ? Number.NEGATIVE_INFINITY : nowMs;
      else if (before.lease.counter === lease.counter) ({ lastIncMs } = before);
      seen.set(lease.leaseKey, { lease, lastIncMs });
    }
    this.#seen = seen;
  }

  /** One lease of the most loaded worker. */
  #toSteal(counts: ReadonlyMap<string, number>, need: number, target: number): readonly Sight[] {
    const [most, count] = [...counts].reduce((best, one) => (one[1] > best[1] ? one : best));
    let wanted = count >= target ? Math.min(need, count - target) : 0;
    if (wanted === 0 && need > 1) wanted = 1;
    if (wanted === 0 || most === this.#options.workerId) return [];
    const victims = [...this.#seen.values()].filter(({ lease }) => lease.owner === most);
    return victims.length === 0 ? [] : [this.#options.random.pick(victims)];
  }
}

export function shuffled<T>(items: readonly T[], random: SeededRandom): T[] {
  const left = [...items];
  const result: T[] = [];
  while (left.length > 0) result.push(...left.splice(random.between(0, left.length - 1), 1));
  return result;
}
