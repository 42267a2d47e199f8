import type { Lease, LeaseChange } from "@kinesis-connectors/consumer";
import type { SimProcess } from "../world/sim-process.js";
import { type SentCall, shardOf } from "./shard-call.js";
import type { Violation } from "./violation.js";

/** Looks whether an owner that has said that a pause is done neither reads its shard nor writes for it, until it is resumed. */
export class PauseChecker {
  readonly #rows: () => ReadonlyMap<string, Lease>;
  readonly #report: (violation: Violation) => void;
  readonly #owners = new Map<string, string>();

  constructor(rows: () => ReadonlyMap<string, Lease>, report: (violation: Violation) => void) {
    this.#rows = rows;
    this.#report = report;
  }

  /** A change of a row by a process was carried out. */
  applied({ name }: SimProcess, shardId: string, { type }: LeaseChange): void {
    if (type === "take") this.#owners.set(shardId, name);
    else if (type === "evict" || type === "reset") this.#owners.delete(shardId);
  }

  /** A call leaves a process. */
  sent(call: SentCall): void {
    const { process, name } = call;
    const shardId = shardOf(call);
    if (shardId === undefined || this.#owners.get(shardId) !== process.name) return;
    const row = this.#rows().get(shardId);
    if (row?.pausedMs === undefined || row.pauseDoneMs === undefined) return;
    this.#report({
      rule: "pause",
      what: `${process.name} sends ${name} for ${shardId}, and has said that its pause is done`,
    });
  }
}
