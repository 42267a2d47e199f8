import type {
  Catalog,
  CommitAnswer,
  LoadedTable,
  Snapshot,
  TableCommit,
  TableMetadata,
  TableUpdate,
} from "@kinesis-connectors/iceberg";
import type { CallFailure, Network } from "../world/network.js";
import { failureError } from "../world/call-error.js";
import type { SeededRandom } from "../world/random.js";
import type { SimProcess } from "../world/sim-process.js";

/** How the simulated catalog behaves beyond calls that fail on the way. */
export interface CatalogTemper {
  /** Of a commit that finds that another writer was ahead of it: a compaction, say. */
  foreign: number;
}

/**
 * A table or its writer, broken on purpose. `position-outside`: positions go into the table in a call of their own. `unrequired`: a commit is applied whatever the
 * table has become since. `unlooked`: who did not get to know what became of a commit does not see where the table is.
 */
export type BrokenTable = "position-outside" | "unrequired" | "unlooked";

export const BROKEN_TABLES: readonly BrokenTable[] = ["position-outside", "unrequired", "unlooked"];

type Properties = NonNullable<TableMetadata["properties"]>;

const NAME = { namespace: ["sim"], name: "rows" };
const KEPT_SNAPSHOTS = 3;

/** An Iceberg catalog of one table, as processes see it. */
export class SimIceberg {
  readonly temper: CatalogTemper;
  readonly #network: Network;
  readonly #random: SeededRandom;
  readonly #broken: BrokenTable | undefined;
  /** Told of the table before and after each commit of ours. */
  readonly #committed: (after: TableMetadata) => Promise<void>;
  metadata: TableMetadata;
  #foreignId = 2n ** 62n;

  constructor(options: {
    readonly network: Network;
    readonly random: SeededRandom;
    readonly temper: CatalogTemper;
    readonly broken: BrokenTable | undefined;
    readonly metadata: TableMetadata;
    readonly committed: (after: TableMetadata) => Promise<void>;
  }) {
    this.#network = options.network;
    this.#random = options.random;
    this.temper = options.temper;
    this.#broken = options.broken;
    this.metadata = options.metadata;
    this.#committed = options.committed;
  }

  /** The client of one process. */
  clientOf(process: SimProcess): Catalog {
    const seen = new Blinkers(this.#broken === "unlooked");
    return {
      loadTable: async (_id, { signal }) =>
        this.#network.send<LoadedTable | undefined>({
          process,
          to: "destination",
          name: "LoadTable",
          about: NAME.name,
          apply: () => ({ metadata: seen.through(this.metadata) }),
          failed: (failure) => {
            throw outageOf(failure);
          },
          signal,
        }),
      createTable: () => Promise.resolve(undefined),
      commitTable: async (_id, commit, { signal }) => {
        const [first, later] = this.#broken === "position-outside" ? parted(commit) : [commit, undefined];
        const answer = await this.#send(process, "UpdateTable", first, signal);
        if (answer.type === "applied" && later !== undefined)
          return this.#send(process, "UpdateTable positions", later, signal);
        seen.learn(commit, answer);
        return answer;
      },
    };
  }

  #send(process: SimProcess, name: string, commit: TableCommit, signal: AbortSignal): Promise<CommitAnswer> {
    return this.#network.send<CommitAnswer>({
      process,
      to: "destination",
      name,
      about: `${commit.updates.length} updates`,
      apply: () => this.#apply(commit),
      failed: (failure): CommitAnswer => {
        if (failure === "reset" || failure === "timeout")
          return { type: "unknown", error: outageOf(failure) };
        throw outageOf(failure);
      },
      signal,
    });
  }

  async #apply(commit: TableCommit): Promise<CommitAnswer> {
    if (this.metadata.snapshots?.length !== 0 && this.#random.chance(this.temper.foreign)) this.#compact();
    if (!this.#holds(commit)) return { type: "conflict" };
    this.metadata = commit.updates.reduce(updated, this.metadata);
    if (commit.updates.some(({ action }) => action === "add-snapshot")) await this.#committed(this.metadata);
    return { type: "applied", table: { metadata: this.metadata } };
  }

  #holds({ requirements }: TableCommit): boolean {
    return requirements.every((requirement) => {
      if (requirement.type === "assert-table-uuid") return requirement.uuid === this.metadata["table-uuid"];
      if (requirement.type !== "assert-ref-snapshot-id")
        throw new Error("the simulated catalog knows two requirements");
      if (this.#broken === "unrequired") return true;
      const main = this.metadata.refs?.["main"]?.["snapshot-id"] ?? null;
      return main === requirement["snapshot-id"];
    });
  }

  /** Somebody else commits the same files under another snapshot, with an id of all 63 bits as Java draws it. */
  #compact(): void {
    const { snapshots, "last-sequence-number": last = 0 } = this.metadata;
    const before = snapshots?.at(-1);
    if (before === undefined) return;
    this.#foreignId += 1n;
    const snapshot: Snapshot = {
      ...before,
      "snapshot-id": this.#foreignId,
      "parent-snapshot-id": before["snapshot-id"],
      "sequence-number": last + 1,
      summary: { operation: "replace" },
    };
    const updates: readonly TableUpdate[] = [
      { action: "add-snapshot", snapshot },
      { action: "set-snapshot-ref", "ref-name": "main", type: "branch", "snapshot-id": this.#foreignId },
    ];
    this.metadata = updates.reduce(updated, this.metadata);
  }
}

/** What an emitter that does not look sees: positions as they were when its process began, and where its own commits were answered. */
class Blinkers {
  readonly #areOn: boolean;
  #positions: Properties | undefined;

  constructor(areOn: boolean) {
    this.#areOn = areOn;
  }

  through(metadata: TableMetadata): TableMetadata {
    if (!this.#areOn) return metadata;
    this.#positions ??= { ...metadata.properties };
    return { ...metadata, properties: this.#positions };
  }

  learn({ updates }: TableCommit, { type }: CommitAnswer): void {
    if (type !== "applied") return;
    for (const update of updates)
      if (update.action === "set-properties") this.#positions = { ...this.#positions, ...update.updates };
  }
}

/** A commit without its positions, and one of them alone. */
function parted({ requirements, updates }: TableCommit): readonly [TableCommit, TableCommit] {
  const isPosition = ({ action }: TableUpdate): boolean => action === "set-properties";
  return [
    { requirements, updates: updates.filter((update) => !isPosition(update)) },
    { requirements: [], updates: updates.filter(isPosition) },
  ];
}

function outageOf(failure: CallFailure): Error {
  return failureError(failure, "TooManyRequestsException", 429);
}

function updated(metadata: TableMetadata, update: TableUpdate): TableMetadata {
  switch (update.action) {
    case "add-snapshot": {
      const { snapshot } = update;
      return {
        ...metadata,
        "last-sequence-number": Math.max(metadata["last-sequence-number"] ?? 0, snapshot["sequence-number"]),
        "last-updated-ms": snapshot["timestamp-ms"],
        // The others have expired.
        snapshots: [...(metadata.snapshots ?? []), snapshot].slice(-KEPT_SNAPSHOTS),
      };
    }
    case "set-snapshot-ref":
      return {
        ...metadata,
        "current-snapshot-id": update["snapshot-id"],
        refs: { main: { type: "branch", "snapshot-id": update["snapshot-id"] } },
      };
    case "set-properties":
      return { ...metadata, properties: { ...metadata.properties, ...update.updates } };
    case "remove-properties": {
      const kept = Object.entries(metadata.properties ?? {}).filter(
        ([name]) => !update.removals.includes(name),
      );
      return { ...metadata, properties: Object.fromEntries(kept) };
    }
    default:
      throw new Error(`the simulated catalog does not know ${update.action}`);
  }
}
