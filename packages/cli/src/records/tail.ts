import type { IteratorPosition, KinesisApi, ListedShard } from "@kinesis-connectors/consumer";
import { type ChildShard, sleep } from "@kinesis-connectors/core";
import type { CliContext } from "../app/context.js";
import { CliError } from "../app/errors.js";
import type { ConnectionFlags } from "../app/flags.js";
import { atMsOf, type Moment } from "../app/inputs.js";
import type { Decoding } from "./flags.js";
import { targetedStream } from "./targeted-stream.js";
import { openRecord, recordLine } from "./record-line.js";
import { isKind, namesOf, openStream, rangeOf } from "./stream.js";
import { counted } from "../output/counted.js";

export interface TailFlags extends ConnectionFlags {
  readonly from: "latest" | "horizon" | Moment;
  readonly shard?: readonly string[];
  readonly key?: string;
  readonly limit?: number;
  readonly decode: Decoding;
  /** Records are lines of JSON with or without it: then errors are JSON too. */
  readonly json: boolean;
}

/** Kinesis gives a shard 5 reads a second for all that read it (service quota of GetRecords): this takes one of them. */
const BETWEEN_READS_MS = 1_000;
const RECORDS_PER_READ = 1_000;

type Shard = Pick<ListedShard, "shardId" | "startingHashKey" | "endingHashKey">;

/** `tail STREAM`. */
export async function tail(context: CliContext, flags: TailFlags, given?: string): Promise<void> {
  const { where, stream } = await targetedStream(context, flags, given);
  const open = await openStream(context, where, stream);
  // Ends the shards that are still read once there are enough records, and all with the first that fails.
  const enough = new AbortController();
  const signal = AbortSignal.any([context.signal, enough.signal]);
  try {
    const chosen = chosenShards(open.shards, flags);
    context.out.note(
      `${stream}: ${counted(chosen.length, "shard")}, each read once a second, of the 5 reads a second that all its consumers share`,
    );
    const tailing = new Tailing(context, flags, open.api, open.shards, signal, () => enough.abort());
    await tailing.run(chosen);
    context.signal.throwIfAborted();
  } finally {
    enough.abort();
    open.close();
  }
}

/** Those that are named; else those where the reading begins: open ones for what comes now, the oldest for what is there. */
function chosenShards(shards: readonly ListedShard[], flags: TailFlags): readonly ListedShard[] {
  const wanted = flags.shard;
  if (wanted !== undefined) {
    const known = new Map(shards.map((shard) => [shard.shardId, shard]));
    return wanted.map((id) => {
      const shard = known.get(id);
      if (shard === undefined)
        throw new CliError("KC_NOT_FOUND", `the stream has no shard ${id}: it has ${namesOf(shards)}`);
      return shard;
    });
  }
  if (flags.from === "latest")
    return shards.filter(({ endingSequenceNumber }) => endingSequenceNumber === undefined);
  const known = new Set(shards.map(({ shardId }) => shardId));
  return shards.filter(({ parentShardId }) => parentShardId === undefined || !known.has(parentShardId));
}

/** Reads shards side by side, and their children once all parents have been read. */
class Tailing {
  readonly #context: CliContext;
  readonly #flags: TailFlags;
  readonly #api: KinesisApi;
  readonly #listed: ReadonlySet<string>;
  readonly #signal: AbortSignal;
  readonly #stop: () => void;
  readonly #ended = new Set<string>();
  readonly #started = new Set<string>();
  #left: number;

  constructor(
    context: CliContext,
    flags: TailFlags,
    api: KinesisApi,
    listed: readonly ListedShard[],
    signal: AbortSignal,
    stop: () => void,
  ) {
    this.#context = context;
    this.#flags = flags;
    this.#api = api;
    this.#listed = new Set(listed.map(({ shardId }) => shardId));
    this.#signal = signal;
    this.#stop = stop;
    this.#left = flags.limit ?? Infinity;
  }

  async run(shards: readonly Shard[]): Promise<void> {
    const from = this.#from();
    try {
      await Promise.all(shards.map((shard) => this.#line(shard, from)));
    } catch (thrown) {
      this.#stop();
      if (!this.#signal.aborted || this.#context.signal.aborted || this.#left > 0) throw thrown;
    }
  }

  #from(): IteratorPosition {
    const { from } = this.#flags;
    if (from === "latest") return { type: "latest" };
    if (from === "horizon") return { type: "trim-horizon" };
    return { type: "at-timestamp", timestampMs: atMsOf(from, this.#context.clock.now()) };
  }

  /** A shard, and those that came out of it. */
  async #line(shard: Shard, from: IteratorPosition): Promise<void> {
    this.#started.add(shard.shardId);
    const children = await this.#shard(shard, from);
    this.#ended.add(shard.shardId);
    if (this.#flags.shard !== undefined || this.#signal.aborted) return;
    const ready = children.filter(
      ({ shardId, parentShardIds }) =>
        !this.#started.has(shardId) &&
        // A parent that is read here must have ended; one that the stream no longer has, or that is not read, holds nobody up.
        parentShardIds.every((id) => this.#ended.has(id) || !(this.#started.has(id) || this.#listed.has(id))),
    );
    await Promise.all(ready.map((child) => this.#line(child, { type: "trim-horizon" })));
  }

  /** Reads a shard to its end, which may never come. */
  async #shard(shard: Shard, from: IteratorPosition): Promise<readonly ChildShard[]> {
    const { clock } = this.#context;
    let position = from;
    let iterator: string | undefined;
    while (!this.#signal.aborted && this.#left > 0) {
      const startedMs = clock.monotonicNow();
      try {
        iterator ??= await this.#api.getShardIterator(shard.shardId, position, this.#signal);
        const page = await this.#api.getRecords(iterator, RECORDS_PER_READ, this.#signal);
        for (const record of page.records) {
          position = { type: "after-sequence-number", sequenceNumber: record.sequenceNumber };
          this.#show(shard, record);
          if (this.#left <= 0) {
            this.#stop();
            return [];
          }
        }
        if (page.nextIterator === undefined) return page.childShards ?? [];
        iterator = page.nextIterator;
      } catch (thrown) {
        // Enough has been shown, or somebody has stopped it: what is cut off by that is no failure.
        if (this.#signal.aborted) return [];
        if (isKind(thrown, "expired-iterator")) iterator = undefined;
        else if (!isKind(thrown, "throttled", "limit", "transient")) throw thrown;
        else this.#context.out.note(`shard ${shard.shardId}: read again in a second (${describe(thrown)})`);
      }
      await sleep(clock, Math.max(0, BETWEEN_READS_MS - (clock.monotonicNow() - startedMs)), this.#signal);
    }
    return [];
  }

  #show(shard: Shard, record: Parameters<typeof openRecord>[1]): void {
    const { key, decode } = this.#flags;
    const opened = openRecord(shard.shardId, record, rangeOf(shard));
    if (opened.foreign > 0)
      this.#context.out.note(
        `shard ${shard.shardId}: left out an aggregate of ${opened.foreign} user records that belong to another shard`,
      );
    for (const one of opened.records) {
      if (this.#left <= 0) return;
      if (key !== undefined && one.partitionKey !== key) continue;
      this.#context.out.line(recordLine(one, decode));
      this.#left -= 1;
    }
  }
}

function describe(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
