import type { Lease, LeaseCheckpoint, NewLease } from "@kinesis-connectors/consumer";
import type { LeaderLock, WorkerReport } from "@kinesis-connectors/leases";
import { askLeases } from "../services/lease-client.js";
import type { SimLeases } from "../services/sim-leases.js";
import type { Network } from "../world/network.js";
import type { SimProcess } from "../world/sim-process.js";

/** What a conditional write came to: where it was refused, with the row as it is (`ReturnValuesOnConditionCheckFailure`). */
export interface KclWrite {
  readonly isApplied: boolean;
  readonly row: Lease | undefined;
}

/** The SDK's client tries a request so often; the last refusal may then be of its own first try (K03). */
const ATTEMPTS = 4;

/**
 * The requests of a KCL 3.5 worker to its tables, each with the condition of `DynamoDBLeaseRefresher` and of the lock client: written from the protocol,
 * and not with the code of this project's own tables. Reads of leases are a little behind, as those of DynamoDB without ConsistentRead.
 */
export class KclTable {
  readonly #process: SimProcess;
  readonly #network: Network;
  readonly #leases: SimLeases;

  constructor(process: SimProcess, network: Network, leases: SimLeases) {
    this.#process = process;
    this.#network = network;
    this.#leases = leases;
  }

  async list(): Promise<readonly Lease[]> {
    return await this.#ask("kcl-list", "", () => [...this.#leases.behind().values()]);
  }

  async get(leaseKey: string): Promise<Lease | undefined> {
    return await this.#ask("kcl-get", leaseKey, () => this.#leases.behind().get(leaseKey));
  }

  /** The index of owners. */
  async ownedBy(workerId: string): Promise<readonly string[]> {
    return await this.#ask("kcl-query", "", () =>
      [...this.#leases.behind().values()]
        .filter(({ owner }) => owner === workerId)
        .map(({ leaseKey }) => leaseKey),
    );
  }

  async create(lease: NewLease): Promise<void> {
    await this.#ask("kcl-create", lease.leaseKey, () => this.#leases.createdByKcl(lease));
  }

  async renew({ leaseKey, counter }: Lease, isMoving: boolean, throughputKBps: number): Promise<KclWrite> {
    return await this.#write(
      "kcl-renew",
      leaseKey,
      (row) => row.counter === counter && (isMoving || row.checkpointOwner === undefined),
      (row) => ({ ...row, counter: row.counter + 1, throughputKBps }),
    );
  }

  async take({ leaseKey, counter }: Lease, workerId: string): Promise<KclWrite> {
    return await this.#write(
      "kcl-take",
      leaseKey,
      (row) => row.counter === counter,
      (row) => given(row, workerId),
    );
  }

  /** A checkpoint: what was prepared is deleted by it, whoever prepared it. */
  async checkpoint(
    { leaseKey, counter }: Lease,
    checkpoint: LeaseCheckpoint,
    childShardIds: readonly string[] = [],
  ): Promise<KclWrite> {
    return await this.#write(
      "kcl-checkpoint",
      leaseKey,
      (row) => row.counter === counter,
      (row) => ({
        ...row,
        counter: row.counter + 1,
        checkpoint,
        pending: undefined,
        ownerSwitches: 0,
        childShardIds: childShardIds.length === 0 ? row.childShardIds : childShardIds,
      }),
    );
  }

  async handOff({ leaseKey, owner }: Lease, to: string): Promise<KclWrite> {
    return await this.#write(
      "kcl-hand-off",
      leaseKey,
      (row) => row.owner !== undefined && row.owner === owner && row.checkpointOwner === undefined,
      (row) => ({ ...row, owner: to, checkpointOwner: row.owner }),
    );
  }

  /** By the leader, or by the old owner as it lets go. The counter is not looked at. */
  async assign({ leaseKey, owner, checkpointOwner }: Lease, to: string): Promise<KclWrite> {
    return await this.#write(
      "kcl-assign",
      leaseKey,
      (row) => row.owner === owner && row.checkpointOwner === checkpointOwner,
      (row) => given(row, to),
    );
  }

  async delete(leaseKey: string): Promise<void> {
    await this.#ask("kcl-delete", leaseKey, () => this.#leases.deletedByKcl(leaseKey));
  }

  async lock(): Promise<LeaderLock | undefined> {
    return await this.#ask("kcl-lock", "", () => this.#leases.fleet.leaderLock);
  }

  /** Writes the lock where none is, or where it still is the version that was seen for too long. */
  async takeLock(mine: LeaderLock, seen: LeaderLock | undefined): Promise<boolean> {
    return await this.#ask("kcl-take-lock", "", () => {
      const { fleet } = this.#leases;
      const now = fleet.leaderLock;
      const isThere = seen === undefined ? now === undefined : now?.version === seen.version;
      if (isThere) fleet.leaderLock = mine;
      return isThere || now?.version === mine.version;
    });
  }

  async keepLock({ ownerId, version }: LeaderLock, next: string): Promise<boolean> {
    return await this.#ask("kcl-keep-lock", "", () => {
      const { fleet } = this.#leases;
      const now = fleet.leaderLock;
      if (now?.ownerId !== ownerId || (now.version !== version && now.version !== next)) return false;
      fleet.leaderLock = { ...now, version: next };
      return true;
    });
  }

  async deleteLock({ ownerId, version }: LeaderLock): Promise<void> {
    await this.#ask("kcl-delete-lock", "", () => {
      const { fleet } = this.#leases;
      if (fleet.leaderLock?.ownerId === ownerId && fleet.leaderLock.version === version)
        fleet.leaderLock = undefined;
    });
  }

  /** A row `WorkerMetricStats`. */
  async report(workerId: string, updatedS: number, cpu: number | undefined): Promise<void> {
    const isMeasured = cpu !== undefined;
    const report: WorkerReport = {
      workerId,
      updatedS,
      metrics: isMeasured ? { C: [cpu] } : {},
      limits: isMeasured ? { C: 100 } : {},
      isOurs: false,
      place: "lease-table",
    };
    await this.#ask("kcl-report", "", () => void this.#leases.fleet.reports.set(workerId, report));
  }

  async reports(): Promise<readonly WorkerReport[]> {
    return await this.#ask("kcl-reports", "", () => [...this.#leases.fleet.reports.values()]);
  }

  async mode(): Promise<string | undefined> {
    return await this.#ask("kcl-mode", "", () => this.#leases.fleet.fleetMode);
  }

  async changeMode(from: string, to: string): Promise<boolean> {
    return await this.#ask("kcl-change-mode", "", () => {
      if (this.#leases.fleet.fleetMode !== from) return false;
      this.#leases.fleet.fleetMode = to;
      return true;
    });
  }

  async #write(
    name: string,
    leaseKey: string,
    holds: (row: Lease) => boolean,
    after: (row: Lease) => Lease,
  ): Promise<KclWrite> {
    return await this.#ask(name, leaseKey, () => {
      const row = this.#leases.rows.get(leaseKey);
      if (row === undefined || !holds(row)) return { isApplied: false, row };
      const next = after(row);
      this.#leases.wroteByKcl(this.#process, row, next);
      return { isApplied: true, row: next };
    });
  }

  async #ask<Answer>(name: string, about: string, apply: () => Answer): Promise<Answer> {
    const process = this.#process;
    return await askLeases(this.#network, { process, name, about, attempts: ATTEMPTS, apply });
  }
}

/** The row as another worker's: with the mark of a handoff away, and a switch counted. */
function given(row: Lease, to: string): Lease {
  const isSwitch = (row.owner !== undefined && row.owner !== to) || row.checkpointOwner === to;
  return {
    ...row,
    counter: row.counter + 1,
    owner: to,
    checkpointOwner: undefined,
    ownerSwitches: row.ownerSwitches + (isSwitch ? 1 : 0),
  };
}
