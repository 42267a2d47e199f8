import {
  DescribeStreamSummaryCommand,
  KinesisClient,
  ListShardsCommand,
  PutRecordsCommand,
  type PutRecordsCommandInput,
} from "@aws-sdk/client-kinesis";
import type { Network } from "../../world/network.js";
import type { SeededRandom } from "../../world/random.js";
import type { Scheduler } from "../../world/scheduler.js";
import { NOWHERE, type Operation, serviceClient } from "../../world/service-client.js";
import type { SimProcess } from "../../world/sim-process.js";
import { type BrokenPut, told } from "./told.js";
import type { SimStream } from "../sim-stream.js";

/** How the stream that is put into behaves beyond calls that fail on the way. */
export interface TargetTemper {
  /** Of a record that is refused among others that are taken. */
  refused: number;
}

/** A stream that connectors put into, as the SDK's client shows it. */
export class SimTargetStream {
  readonly temper: TargetTemper;
  readonly #stream: SimStream;
  readonly #scheduler: Scheduler;
  readonly #network: Network;
  readonly #random: SeededRandom;
  readonly #broken: BrokenPut | undefined;

  constructor(options: {
    readonly stream: SimStream;
    readonly scheduler: Scheduler;
    readonly network: Network;
    readonly random: SeededRandom;
    readonly temper: TargetTemper;
    readonly broken: BrokenPut | undefined;
  }) {
    this.#stream = options.stream;
    this.#scheduler = options.scheduler;
    this.#network = options.network;
    this.#random = options.random;
    this.temper = options.temper;
    this.#broken = options.broken;
  }

  /** The client of one process. */
  clientOf(process: SimProcess): KinesisClient {
    return serviceClient(realClient, process, {
      network: this.#network,
      to: "destination",
      throttled: ["LimitExceededException", 400],
      operation: (command) => this.#operation(command),
    });
  }

  #operation(command: unknown): Operation {
    if (command instanceof PutRecordsCommand) {
      const { Records = [] } = command.input;
      return {
        name: "PutRecords",
        about: `${Records.length}`,
        apply: () => this.#putAll(Records),
        ...(this.#broken === "throttled-believed"
          ? { ifThrottled: () => answerOf(Records.map(() => SOMEWHERE)) }
          : {}),
      };
    }
    if (command instanceof ListShardsCommand)
      return { name: "ListShards of the target", about: "", apply: () => this.#listShards() };
    if (command instanceof DescribeStreamSummaryCommand)
      return { name: "DescribeStreamSummary of the target", about: "", apply: () => ({}) };
    throw new Error("the simulated target stream does not know the command");
  }

  /** API reference, PutRecords: records are taken or refused one by one, and the order of those that are taken is kept. */
  #putAll(records: NonNullable<PutRecordsCommandInput["Records"]>): object {
    const places = records.map(({ Data = new Uint8Array(), PartitionKey = "", ExplicitHashKey }) => {
      if (this.#random.chance(this.temper.refused)) return undefined;
      const { nowMs } = this.#scheduler;
      const { shard, record } = this.#stream.put(Data, PartitionKey, ExplicitHashKey, nowMs);
      return { ShardId: shard.shardId, SequenceNumber: record.sequenceNumber };
    });
    const taken = told(
      places.map((place) => place !== undefined),
      this.#broken,
    );
    return answerOf(taken.map((isTaken, index) => (isTaken ? (places[index] ?? SOMEWHERE) : undefined)));
  }

  #listShards(): object {
    return {
      Shards: this.#stream.openShards.map((shard) => ({
        ShardId: shard.shardId,
        HashKeyRange: {
          StartingHashKey: String(shard.startingHashKey),
          EndingHashKey: String(shard.endingHashKey),
        },
      })),
    };
  }
}

/** Where a record is that is told of as taken and was not. */
const SOMEWHERE = { ShardId: "shardId-000000000000", SequenceNumber: "0" };

/** What is said of each record: where it is; undefined where it was refused. */
function answerOf(places: readonly (typeof SOMEWHERE | undefined)[]): object {
  return {
    FailedRecordCount: places.filter((place) => place === undefined).length,
    Records: places.map(
      (place) => place ?? { ErrorCode: "ProvisionedThroughputExceededException", ErrorMessage: "simulated" },
    ),
  };
}

const realClient = new KinesisClient(NOWHERE);
