import {
  type ChildShard,
  GetRecordsCommand,
  GetShardIteratorCommand,
  type KinesisClient,
} from "@aws-sdk/client-kinesis";
import { sleep } from "@kinesis-connectors/core";
import type { Lease } from "@kinesis-connectors/consumer";
import type { Entry, ShardLedger } from "../checks/ledger.js";
import type { SeededRandom } from "../world/random.js";
import type { SimProcess } from "../world/sim-process.js";
import type { HeldByKcl, HeldLeases } from "./held-leases.js";
import type { KclTable } from "./kcl-table.js";
import type { ProcessedShard, RecordProcessor } from "./record-processor.js";
import { newRow } from "./rows.js";
import { PARENT_POLL_MS } from "./times.js";

export interface ShardConsumerOptions {
  readonly process: SimProcess;
  readonly kinesis: KinesisClient;
  readonly table: KclTable;
  readonly leases: HeldLeases;
  readonly random: SeededRandom;
  /** The application; `begun` is the entry that the checkpoint covers last, -1 where it covers none. */
  readonly processorOf: (shard: ProcessedShard, begun: number) => RecordProcessor;
  readonly ended: () => void;
}

const IDLE_MS = 3_000;
const AGAIN_MS = 1_000;
/** Of the tries to create the child of a merge whose other parent has no lease, so many give up the shard (`ShutdownTask`). */
const DEFERRED_DROP = 1 / 30;

const ENDED: unique symbol = Symbol("the shard has ended");

type End = "lost" | "let-go" | "ended";

/** `ShardConsumer`: reads a shard by polling, and hands what it reads to its application. */
export class ShardConsumer {
  readonly held: HeldByKcl;
  readonly done: Promise<void>;
  readonly #options: ShardConsumerOptions;
  readonly #shard: ShardLedger;
  readonly #processor: RecordProcessor;
  #isInitialized = false;
  #isLettingGo = false;

  constructor(held: HeldByKcl, shard: ShardLedger, options: ShardConsumerOptions) {
    this.held = held;
    this.#shard = shard;
    this.#options = options;
    this.#processor = options.processorOf(
      {
        held,
        entries: shard.entries,
        isHeld: () => this.#isHeld,
        checkpoint: async ({ sequenceNumber, subSequenceNumber }) =>
          await options.leases.checkpoint(held, { sequenceNumber, subSequenceNumber }),
      },
      placeOf(shard, held.row),
    );
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
      if (this.#isInitialized) await patiently(() => this.#processor.shutdownRequested());
      if (this.held.isMoving) await patiently(() => leases.giveOn(this.held));
      else leases.drop(this.held);
    }
    const { leaseLost } = this.#processor;
    if (end !== "ended" && this.#isInitialized && leaseLost !== undefined) await patiently(leaseLost);
    if (end === "ended") ended();
    // The leader gave it away while its end was written: nobody renews it for ever (K12).
    if (end === "ended" && this.held.isMoving) leases.drop(this.held);
  }

  async #work(): Promise<End> {
    if (this.held.row.checkpoint === "SHARD_END") return "ended";
    if (!(await this.#untilParentsEnded())) return this.#isHeld ? "let-go" : "lost";
    this.#isInitialized = true;
    if (this.#processor.initialize !== undefined) await this.#processor.initialize();
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
    const last = this.#shard.entries[this.#processor.delivered];
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
    const { kinesis } = this.#options;
    const page = await kinesis.send(new GetRecordsCommand({ ShardIterator: iterator, Limit: 1_000 }));
    const entries: Entry[] = [];
    const { delivered } = this.#processor;
    let last = delivered;
    for (const { SequenceNumber = "", Data } of page.Records ?? []) {
      this.held.readBytes += Data?.length ?? 0;
      for (let at = this.#shard.indexes.get(`${SequenceNumber}.0`) ?? Infinity; ; at += 1) {
        const entry = this.#shard.entries[at];
        if (entry?.sequenceNumber !== SequenceNumber) break;
        if (at <= delivered) continue;
        entries.push(entry);
        last = at;
      }
    }
    await this.#processor.processRecords({ entries, last, millisBehindLatest: page.MillisBehindLatest ?? 0 });
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
    const storeEnd = (): Promise<boolean> => leases.checkpoint(this.held, "SHARD_END", childIds);
    const { shardEnded = (store: typeof storeEnd) => store() } = this.#processor;
    const isStored = await shardEnded(storeEnd);
    return isStored ? ENDED : undefined;
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
