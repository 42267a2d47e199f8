import type { Logger } from "@kinesis-connectors/core";
import type { LeaseTable } from "@kinesis-connectors/leases";
import type { Taking } from "../lease-taker.js";
import type { WorkerEvent } from "../worker-events.js";

/**
 * Watches which algorithms the fleet uses (`Migration3.0`). In 3.x mode only a leader assigns leases, and a worker of ours that went on
 * taking would fight with it: it then keeps what it holds and takes only what the leader has forgotten.
 */
export class FleetModeWatch {
  readonly #table: LeaseTable;
  readonly #logger: Logger;
  readonly #observe: (event: WorkerEvent) => void;
  #mode: string | undefined;

  constructor(table: LeaseTable, logger: Logger, observe: (event: WorkerEvent) => void) {
    this.#table = table;
    this.#logger = logger;
    this.#observe = observe;
  }

  get taking(): Taking {
    return this.#mode?.startsWith("CLIENT_VERSION_3X") === true ? "orphans" : "share";
  }

  async step(): Promise<void> {
    const mode = await this.#table.fleetMode();
    if (mode === this.#mode) return;
    this.#mode = mode;
    const taking = this.taking === "share";
    this.#observe({ type: "fleet-mode", mode, taking });
    if (!taking)
      this.#logger.warn(
        { mode },
        "the KCL workers of this application switched to their 3.x algorithms: this worker takes no more leases than those that nobody renews; " +
          "roll the fleet back to 2.x mode, or stop the KCL workers and delete the row Migration3.0",
      );
  }
}
