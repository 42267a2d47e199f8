import {
  type ChildShard,
  GetRecordsCommand,
  GetShardIteratorCommand,
  type KinesisClient,
} from "@aws-sdk/client-kinesis";
import { sleep } from "@kinesis-connectors/core";
import type { Lease } from "@kinesis-connectors/consumer";
import type { Landings } from "../checks/landings.js";
import type { Entry, Ledger, ShardLedger } from "../checks/ledger.js";
import type { Network } from "../world/network.js";
import type { SeededRandom } from "../world/random.js";
import type { SimProcess } from "../world/sim-process.js";
import type { HeldByKcl, HeldLeases } from "./held-leases.js";
import type { KclTable } from "./kcl-table.js";
import { newRow } from "./rows.js";
import { PARENT_POLL_MS } from "./times.js";

export interface ShardConsumerOptions {
  readonly process: SimProcess;
  readonly network: Network;
  readonly kinesis: KinesisClient;
  readonly table: KclTable;
  readonly leases: HeldLeases;
  readonly ledger: Ledger;
  readonly landings: Landings;
  readonly random: SeededRandom;
  readonly ended: () => void;
}

const IDLE_MS = 3_000;
const AGAIN_MS = 1_000;
const PROCESSING_MS = 200;
/** An application that checkpoints after this part of its batches. */
const CHECKPOINTED = 0.6;
/** Of the tries to create the child of a merge whose other parent has no lease, so many give up the shard (`ShutdownTask`). */
const DEFERRED_DROP = 1 / 30;

const ENDED: unique symbol = Symbol("the shard has ended");

type End = "lost" | "let-go" | "ended";

/** `ShardConsumer` with an application's record processor: reads a shard by polling, writes what it reads at least once, and checkpoints now and then. */
export class ShardConsumer {
  readonly held: HeldByKcl;
  readonly done: Promise<void>;
  readonly #options: ShardConsumerOptions;
  readonly #shard: ShardLedger;
  #isLettingGo = false;
  /** The last entry that was delivered, and the last that a checkpoint covers. */
  #delivered: number;
  #checkpointed: number;

  constructor(held: HeldByKcl, shard: ShardLedger, options: ShardConsumerOptions) {
    this.held = held;
    this.#shard = shard;
    this.#options = options;
    this.#delivered = this.#checkpointed = placeOf(shard, held.row);
    this.done = this.#run();
  }

  /** `shutdownRequested`: what was read is checkpointed, then the lease goes to its next owner, if it has one. */
  letGo(): void {
    this.#isLettingGo = true;
  }

  async #run(): Promise<void> {
    const { leases, ended } = this.#options;
    const end = await this.#work();
    if (end === "let-go") {
      if (this.#delivered > this.#checkpointed) await patiently(() => this.#checkpoint());
      if (this.held.isMoving) await patiently(() => leases.giveOn(this.held));
      else leases.drop(this.held);
    }
    if (end === "ended") ended();
    // The leader gave it away while its end was written: nobody renews it for ever (K12).
    if (end === "ended" && this.held.isMoving) leases.drop(this.held);
  }

  async #work(): Promise<End> {
    if (this.held.row.checkpoint === "SHARD_END") return "ended";
    if (!(await this.#untilParentsEnded())) return this.#isHeld ? "let-go" : "lost";
    let iterator: string | undefined;
    while (this.#isHeld) {
      if (this.#isLettingGo) return "let-go";
      try {
        iterator ??= await this.#iterator();
        const end = await this.#readPage(iterator);
        if (end === ENDED) return "ended";
        iterator = end;
      } catch {
        iterator = undefined;
        await this.#pause(AGAIN_MS);
      }
    }
    return "lost";
  }

  get #isHeld(): boolean {
    return this.#options.leases.has(this.held);
  }

  async #untilParentsEnded(): Promise<boolean> {
    for (;;) {
      if (!this.#isHeld || this.#isLettingGo) return false;
      try {
        const parents = await Promise.all(
          this.held.row.parentShardIds.map(async (parent) => await this.#options.table.get(parent)),
        );
        // A parent without a row was read long ago.
        if (parents.every((parent) => parent === undefined || parent.checkpoint === "SHARD_END")) return true;
      } catch {
        // Asked again after the pause.
      }
      await this.#pause(PARENT_POLL_MS);
    }
  }

  async #iterator(): Promise<string> {
    const last = this.#shard.entries[this.#delivered];
    const { ShardIterator = "" } = await this.#options.kinesis.send(
      new GetShardIteratorCommand({
        StreamName: "sim",
        ShardId: this.#shard.shardId,
        ...(last === undefined
          ? { ShardIteratorType: "TRIM_HORIZON" }
          : { ShardIteratorType: "AT_SEQUENCE_NUMBER", StartingSequenceNumber: last.sequenceNumber }),
      }),
    );
    return ShardIterator;
  }

  /** Resolves with the next iterator; undefined after a malformed end (K26). */
  async #readPage(iterator: string): Promise<string | typeof ENDED | undefined> {
    const { kinesis, random } = this.#options;
    const page = await kinesis.send(new GetRecordsCommand({ ShardIterator: iterator, Limit: 1_000 }));
    const entries: Entry[] = [];
    let last = this.#delivered;
    for (const { SequenceNumber = "", Data } of page.Records ?? []) {
      this.held.readBytes += Data?.length ?? 0;
      for (let at = this.#shard.indexes.get(`${SequenceNumber}.0`) ?? Infinity; ; at += 1) {
        const entry = this.#shard.entries[at];
        if (entry?.sequenceNumber !== SequenceNumber) break;
        if (at <= this.#delivered) continue;
        entries.push(entry);
        last = at;
      }
    }
    if (entries.length > 0) {
      await this.#deliver(entries);
      this.#delivered = last;
    }
    if (this.#delivered > this.#checkpointed && random.chance(CHECKPOINTED)) await this.#checkpoint();
    const next = page.NextShardIterator ?? undefined;
    if (next !== undefined) {
      if (entries.length === 0) await this.#pause(IDLE_MS);
      return next;
    }
    if ((page.ChildShards ?? []).length === 0) {
      await this.#pause(AGAIN_MS);
      return undefined;
    }
    return await this.#end(page.ChildShards ?? []);
  }

  /** The application writes a batch, and tries until it is written: whoever owns the shard by then. */
  async #deliver(entries: readonly Entry[]): Promise<void> {
    const { process, network, landings, random } = this.#options;
    await this.#pause(random.between(1, PROCESSING_MS));
    for (;;) {
      try {
        await network.send({
          process,
          to: "s3",
          name: "kcl-deliver",
          about: `${this.#shard.shardId} ${entries.length} from ${entries[0]?.sequenceNumber ?? ""}`,
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
        if (!this.#isHeld) throw thrown;
        await this.#pause(AGAIN_MS);
      }
    }
  }

  async #checkpoint(): Promise<void> {
    const entry = this.#shard.entries[this.#delivered];
    if (entry === undefined) return;
    const { sequenceNumber, subSequenceNumber } = entry;
    const at = this.#delivered;
    if (await this.#options.leases.checkpoint(this.held, { sequenceNumber, subSequenceNumber }))
      this.#checkpointed = at;
  }

  /** `ShutdownTask`: leases for the children, then SHARD_END. */
  async #end(children: readonly Partial<ChildShard>[]): Promise<typeof ENDED | undefined> {
    const { table, leases, random } = this.#options;
    for (const { ShardId = "", ParentShards = [], HashKeyRange } of children) {
      const other = ParentShards.find((parent) => parent !== this.#shard.shardId);
      if (other !== undefined && !(await this.#hasLease(other)) && !(await this.#hasLease(ShardId))) {
        if (random.chance(DEFERRED_DROP)) leases.drop(this.held);
        await this.#pause(AGAIN_MS);
        return undefined;
      }
      await table.create(newRow(ShardId, ParentShards, HashKeyRange));
    }
    const childIds = children.flatMap(({ ShardId }) => ShardId ?? []);
    return (await leases.checkpoint(this.held, "SHARD_END", childIds)) ? ENDED : undefined;
  }

  async #hasLease(leaseKey: string): Promise<boolean> {
    return (await this.#options.table.get(leaseKey)) !== undefined;
  }

  async #pause(ms: number): Promise<void> {
    await sleep(this.#options.process.clock, ms);
  }
}

/** The entry that a row's checkpoint covers last; -1 where it covers none. */
function placeOf(shard: ShardLedger, { checkpoint }: Lease): number {
  if (typeof checkpoint === "string") return -1;
  return shard.indexes.get(`${checkpoint.sequenceNumber}.${checkpoint.subSequenceNumber}`) ?? -1;
}

async function patiently(step: () => Promise<void>): Promise<void> {
  try {
    await step();
  } catch {
    // The KCL logs it, and the lease runs out.
  }
}
