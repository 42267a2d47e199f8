import {
  type _Record,
  type ChildShard,
  DescribeStreamSummaryCommand,
  type GetRecordsCommandOutput,
  GetRecordsCommand,
  GetShardIteratorCommand,
  KinesisClient,
  ListShardsCommand,
  type ListShardsCommandInput,
  type Shard,
} from "@aws-sdk/client-kinesis";
import { CallError } from "../world/call-error.js";
import type { Network } from "../world/network.js";
import type { SeededRandom } from "../world/random.js";
import type { Scheduler } from "../world/scheduler.js";
import { NOWHERE, type Operation, serviceClient } from "../world/service-client.js";
import { BEGINNING_MS, type SimProcess } from "../world/sim-process.js";
import { type KinesisTemper, OddAnswers } from "./odd-answers.js";
import type { SimShard, SimStream } from "./sim-stream.js";
import { SimSubscriptions, type SubscriptionSource } from "./sim-subscriptions.js";

/** GetShardIterator, API reference: "a shard iterator expires 5 minutes after it is returned". */
const ITERATOR_LIFE_MS = 300_000;
/** GetRecords, limits: five reads per second and shard. */
const READS_PER_SECOND = 5;
/** Small pages, so that listings and reads have several. */
const SHARDS_PER_PAGE = 2;

/** Kinesis as the SDK's client shows it, over a stream in memory. */
export class SimKinesis {
  readonly temper: KinesisTemper;
  readonly #stream: SimStream;
  readonly #scheduler: Scheduler;
  readonly #network: Network;
  readonly #random: SeededRandom;
  readonly #subscriptions: SimSubscriptions;
  readonly #odd: OddAnswers;
  #iterators = 0;

  constructor(options: {
    readonly stream: SimStream;
    readonly scheduler: Scheduler;
    readonly network: Network;
    readonly random: SeededRandom;
    readonly temper: KinesisTemper;
    /** Whether readers are to take an answer without an iterator for the end: it names the children then. */
    readonly believesEnds: boolean;
  }) {
    this.#stream = options.stream;
    this.#scheduler = options.scheduler;
    this.#network = options.network;
    this.#random = options.random;
    this.temper = options.temper;
    this.#odd = new OddAnswers(options);
    this.#subscriptions = new SimSubscriptions({
      scheduler: this.#scheduler,
      random: this.#random,
      shardNamed: (shardId) => this.#shardNamed(shardId),
      eventAt: (shard, place) => this.#eventAt(shard, place),
      placeOf: (shard, position) => {
        const timestampMs = position?.Timestamp?.getTime() ?? 0;
        const { nowMs } = this.#scheduler;
        return this.#stream.placeOf(
          shard,
          position?.Type ?? "",
          position?.SequenceNumber,
          timestampMs,
          nowMs,
        );
      },
      breaks: () => this.temper.brokenSubscriptions,
    });
  }

  /** The client of one process. */
  clientOf(process: SimProcess): KinesisClient {
    return serviceClient(realClient, process, {
      network: this.#network,
      to: "kinesis",
      throttled: ["ProvisionedThroughputExceededException", 400],
      operation: (command, caller, signal) =>
        this.#subscriptions.operation(command, caller, signal) ?? this.#operation(command),
    });
  }

  /** From here on each answer is what was asked for. */
  calm(): void {
    const { temper } = this;
    temper.emptyPages = temper.expiredIterators = temper.brokenSubscriptions = 0;
    temper.doubtfulEnds = temper.earlyEnds = temper.wrongPages = 0;
  }

  #operation(command: unknown): Operation {
    if (command instanceof GetRecordsCommand) {
      const { ShardIterator = "", Limit = 10_000 } = command.input;
      return {
        name: "GetRecords",
        about: ShardIterator,
        apply: () => this.#getRecords(ShardIterator, Limit),
      };
    }
    if (command instanceof GetShardIteratorCommand) {
      const { ShardId = "", ShardIteratorType = "", StartingSequenceNumber, Timestamp } = command.input;
      return {
        name: "GetShardIterator",
        about: `${ShardId} ${ShardIteratorType}`,
        apply: () => {
          const shard = this.#shardNamed(ShardId);
          const timestampMs = Timestamp?.getTime() ?? 0;
          const { nowMs } = this.#scheduler;
          const place = this.#stream.placeOf(
            shard,
            ShardIteratorType,
            StartingSequenceNumber,
            timestampMs,
            nowMs,
          );
          return { ShardIterator: this.#iterator(ShardId, place, StartingSequenceNumber !== undefined) };
        },
      };
    }
    if (command instanceof ListShardsCommand)
      return { name: "ListShards", about: "", apply: () => this.#listShards(command.input) };
    if (command instanceof DescribeStreamSummaryCommand)
      return { name: "DescribeStreamSummary", about: "", apply: () => this.#describe() };
    throw new Error("the simulated Kinesis does not know the command");
  }

  #getRecords(iterator: string, limit: number): Omit<GetRecordsCommandOutput, "$metadata"> {
    const [asked = "", at = "", createdMs = "", , known = ""] = iterator.split("/");
    const { nowMs } = this.#scheduler;
    const askedShard = this.#shardNamed(asked);
    if (nowMs - Number(createdMs) > ITERATOR_LIFE_MS || this.#random.chance(this.temper.expiredIterators))
      throw new CallError("ExpiredIteratorException", 400);
    this.#countRead(askedShard, nowMs);
    const wrong = known === KNOWN ? this.#odd.wrongPlace(Number(at)) : undefined;
    const { shard, from } = wrong ?? { shard: askedShard, from: Number(at) };
    const { records, next, millisBehind, children } = this.#answerAt(shard, from, limit, wrong === undefined);
    return {
      Records: records,
      MillisBehindLatest: millisBehind,
      ...(children === undefined
        ? {
            NextShardIterator: this.#iterator(shard.shardId, next, known === KNOWN || records.length > 0),
          }
        : {}),
      ...(children === undefined || children.length === 0 ? {} : { ChildShards: children }),
    };
  }

  /** What a reader gets at a place: records, and the children (an empty list when they are left out) where the shard ends. */
  #answerAt(
    shard: SimShard,
    place: number,
    limit: number,
    mayBeEmpty = true,
  ): {
    readonly records: _Record[];
    readonly next: number;
    readonly millisBehind: number;
    readonly children: ChildShard[] | undefined;
  } {
    const { nowMs } = this.#scheduler;
    const first = shard.records.findIndex(({ sequence }) => sequence >= place);
    const waiting = first < 0 ? [] : shard.records.slice(first);
    const isEmpty = mayBeEmpty && waiting.length > 0 && this.#random.chance(this.temper.emptyPages);
    const given = isEmpty ? [] : waiting.slice(0, Math.min(limit, this.temper.maxRecords));
    const next = waiting[given.length];
    const isEnd = next === undefined && shard.closedMs !== undefined;
    const isDoubtful =
      isEnd && (this.temper.namesNoChildren || this.#random.chance(this.temper.doubtfulEnds));
    const isEarly = !isEnd && this.#odd.isEarlyEnd(shard, next !== undefined);
    return {
      records: given.map((record) => ({
        SequenceNumber: record.sequenceNumber,
        PartitionKey: record.partitionKey,
        Data: record.data,
        ApproximateArrivalTimestamp: new Date(BEGINNING_MS + record.arrivedMs),
      })),
      next: (given.at(-1)?.sequence ?? place - 1) + 1,
      millisBehind: next === undefined ? 0 : Math.max(1, nowMs - next.arrivedMs),
      children: isEnd
        ? isDoubtful
          ? []
          : this.#childrenOf(shard)
        : isEarly
          ? this.#earlyChildren(shard)
          : undefined,
    };
  }

  #earlyChildren(shard: SimShard): ChildShard[] | undefined {
    if (!this.#odd.believesEnds) return [];
    return shard.closedMs === undefined ? undefined : this.#childrenOf(shard);
  }

  #childrenOf({ shardId }: SimShard): ChildShard[] {
    return this.#stream.shards
      .filter(({ parentShardIds }) => parentShardIds.includes(shardId))
      .map((child) => ({
        ShardId: child.shardId,
        ParentShards: [...child.parentShardIds],
        HashKeyRange: rangeOf(child),
      }));
  }

  #eventAt(shard: SimShard, place: number): ReturnType<SubscriptionSource["eventAt"]> {
    const { records, next, millisBehind, children } = this.#answerAt(shard, place, this.temper.maxRecords);
    const continuation = String(Math.max(next - 1, shard.startingSequence));
    return {
      next,
      isEmpty: records.length === 0 && children === undefined,
      event: {
        Records: records,
        MillisBehindLatest: millisBehind,
        ContinuationSequenceNumber: children === undefined ? continuation : undefined,
        ...(children === undefined || children.length === 0 ? {} : { ChildShards: children }),
      },
    };
  }

  #countRead(shard: SimShard, nowMs: number): void {
    const { reads } = shard;
    while (reads.length > 0 && (reads[0] as number) <= nowMs - 1_000) reads.shift();
    if (reads.length >= READS_PER_SECOND) throw new CallError("ProvisionedThroughputExceededException", 400);
    reads.push(nowMs);
  }

  #listShards({ NextToken, ShardFilter }: ListShardsCommandInput): { Shards: Shard[]; NextToken?: string } {
    const [filter = "ALL", page = "0"] = (NextToken ?? `${ShardFilter?.Type ?? "ALL"}/0`).split("/");
    const atMs =
      filter === "AT_TRIM_HORIZON"
        ? Math.max(0, this.#scheduler.nowMs - this.#stream.retentionMs)
        : this.#scheduler.nowMs;
    const shards = this.#stream.shards.filter(
      ({ openedMs, closedMs }) =>
        filter === "ALL" || (openedMs <= atMs && (closedMs === undefined || closedMs > atMs)),
    );
    const from = Number(page);
    const listed = shards.slice(from, from + SHARDS_PER_PAGE);
    const hasMore = from + SHARDS_PER_PAGE < shards.length;
    return {
      Shards: listed.map((shard) => shownShard(shard)),
      ...(hasMore ? { NextToken: `${filter}/${from + SHARDS_PER_PAGE}` } : {}),
    };
  }

  #describe(): object {
    return {
      StreamDescriptionSummary: {
        StreamName: "sim",
        StreamARN: "arn:aws:kinesis:us-east-1:000000000000:stream/sim",
        StreamStatus: "ACTIVE",
        RetentionPeriodHours: this.#stream.retentionMs / 3_600_000,
        OpenShardCount: this.#stream.openShards.length,
      },
    };
  }

  #shardNamed(shardId: string): SimShard {
    const shard = this.#stream.shard(shardId);
    if (shard === undefined) throw new CallError("ResourceNotFoundException", 400);
    return shard;
  }

  /** `isKnown`: whether its reader has a sequence number to compare what comes with. */
  #iterator(shardId: string, place: number, isKnown: boolean): string {
    this.#iterators += 1;
    return `${shardId}/${place}/${this.#scheduler.nowMs}/${this.#iterators}${isKnown && this.temper.wrongPages > 0 ? `/${KNOWN}` : ""}`;
  }
}

/** At the end of an iterator. */
const KNOWN = "known";

const realClient = new KinesisClient(NOWHERE);

function rangeOf(shard: SimShard): { StartingHashKey: string; EndingHashKey: string } {
  return { StartingHashKey: `${shard.startingHashKey}`, EndingHashKey: `${shard.endingHashKey}` };
}

function shownShard(shard: SimShard): Shard {
  const [parent, adjacent] = shard.parentShardIds;
  return {
    ShardId: shard.shardId,
    ...(parent === undefined ? {} : { ParentShardId: parent }),
    ...(adjacent === undefined ? {} : { AdjacentParentShardId: adjacent }),
    HashKeyRange: rangeOf(shard),
    SequenceNumberRange: {
      StartingSequenceNumber: String(shard.startingSequence),
      ...(shard.endingSequence === undefined ? {} : { EndingSequenceNumber: String(shard.endingSequence) }),
    },
  };
}
