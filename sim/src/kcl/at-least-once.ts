import { sleep } from "@kinesis-connectors/core";
import type { Landings } from "../checks/landings.js";
import type { Entry } from "../checks/ledger.js";
import type { Network } from "../world/network.js";
import type { SeededRandom } from "../world/random.js";
import type { SimProcess } from "../world/sim-process.js";
import type { EntryPage, ProcessedShard, RecordProcessor } from "./record-processor.js";

const AGAIN_MS = 1_000;
const PROCESSING_MS = 200;
/** An application that checkpoints after this part of its batches. */
const CHECKPOINTED = 0.6;

export interface AtLeastOnceOptions {
  readonly process: SimProcess;
  readonly network: Network;
  readonly landings: Landings;
  readonly random: SeededRandom;
}

/** An application that writes what it is handed, as often as it is handed it, and checkpoints now and then. */
export class AtLeastOnce implements RecordProcessor {
  readonly #shard: ProcessedShard;
  readonly #options: AtLeastOnceOptions;
  #delivered: number;
  #checkpointed: number;

  constructor(shard: ProcessedShard, begun: number, options: AtLeastOnceOptions) {
    this.#shard = shard;
    this.#options = options;
    this.#delivered = this.#checkpointed = begun;
  }

  get delivered(): number {
    return this.#delivered;
  }

  async processRecords({ entries, last }: EntryPage): Promise<void> {
    if (entries.length > 0) {
      await this.#deliver(entries);
      this.#delivered = last;
    }
    if (this.#delivered > this.#checkpointed && this.#options.random.chance(CHECKPOINTED))
      await this.#checkpoint();
  }

  async shutdownRequested(): Promise<void> {
    if (this.#delivered > this.#checkpointed) await this.#checkpoint();
  }

  /** Writes a batch, and tries until it is written: whoever owns the shard by then. */
  async #deliver(entries: readonly Entry[]): Promise<void> {
    const { process, network, landings, random } = this.#options;
    const [first] = entries;
    await sleep(process.clock, random.between(1, PROCESSING_MS));
    for (;;) {
      try {
        await network.send({
          process,
          to: "s3",
          name: "kcl-deliver",
          about: `${first?.shardId ?? ""} ${entries.length} from ${first?.sequenceNumber ?? ""}`,
          apply: () => {
            for (const entry of entries) landings.landByKcl(entry);
            return entries.length;
          },
          failed: (failure) => {
            throw new Error(failure);
          },
        });
        return;
      } catch (thrown) {
        if (!this.#shard.isHeld()) throw thrown;
        await sleep(process.clock, AGAIN_MS);
      }
    }
  }

  async #checkpoint(): Promise<void> {
    const at = this.#delivered;
    const entry = this.#shard.entries[at];
    if (entry !== undefined && (await this.#shard.checkpoint(entry))) this.#checkpointed = at;
  }
}
