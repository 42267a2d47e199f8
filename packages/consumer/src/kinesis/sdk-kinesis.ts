import {
  DescribeStreamConsumerCommand,
  DescribeStreamSummaryCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  type KinesisClient,
  ListShardsCommand,
  RegisterStreamConsumerCommand,
  SubscribeToShardCommand,
  type SubscribeToShardEventStream,
} from "@aws-sdk/client-kinesis";
import { atCorrectedClock, isByTheClock } from "@kinesis-connectors/aws";
import { asError, checkOptions, type OptionNames } from "@kinesis-connectors/core";
import { isKind, type KinesisApi, type SubscriptionEvent } from "./kinesis-api.js";
import { asCallError, type Experience } from "./kinesis-failures.js";
import {
  toRecords,
  toChildShards,
  toListedShard,
  toFilter,
  toStartingPosition,
  toConsumer,
} from "./sdk-shapes.js";

/** The name of the stream in requests: its ARN where the caller gave one, so that streams of other accounts work too. */
export type StreamName = { readonly StreamName: string } | { readonly StreamARN: string };

/** Options of `sdkKinesis`. */
export interface SdkKinesisOptions {
  /** Whether `close` destroys the clients. Default false: they are the caller's. */
  readonly ownsClient?: boolean;
  /** Whether the credentials were given as they are, so that nobody renews an expired session. Default false. */
  readonly fixedCredentials?: boolean;
  /** Whether the caller knows that the credentials have worked before. Default false. */
  readonly hasWorked?: boolean;
  /** Makes the client for subscriptions when the first one is asked for. Default: the same client for everything. */
  readonly subscriptionClient?: () => KinesisClient;
}

const NAMES: OptionNames<SdkKinesisOptions> = {
  ownsClient: true,
  subscriptionClient: true,
  hasWorked: true,
  fixedCredentials: true,
};

/** The port to Kinesis over the SDK's client. */
export function sdkKinesis(
  client: KinesisClient,
  stream: StreamName,
  options: SdkKinesisOptions = {},
): KinesisApi {
  checkOptions("sdkKinesis", options, NAMES);
  let subscriptions: KinesisClient | undefined;
  const worked = new Set<string>(options.hasWorked === true ? ["any"] : []);
  const experience: Experience = {
    has: (operation) => worked.has(operation),
    get size() {
      return worked.size;
    },
    renews: options.fixedCredentials !== true,
  };
  const calling = async <Answer>(operation: string, call: () => Promise<Answer>): Promise<Answer> => {
    try {
      const answer = await atCorrectedClock(call);
      worked.add(operation);
      return answer;
    } catch (error) {
      throw asCallError(operation, error, experience);
    }
  };
  const firstIteratorOf = async (shardId: string, signal: AbortSignal): Promise<void> => {
    const input = { ...stream, ShardId: shardId, ShardIteratorType: "TRIM_HORIZON" } as const;
    await atCorrectedClock(() => client.send(new GetShardIteratorCommand(input), aborting(signal)));
  };
  return {
    describeStream: (signal) =>
      calling("DescribeStreamSummary", async () => {
        const answer = await client.send(new DescribeStreamSummaryCommand(stream), aborting(signal));
        const summary = answer.StreamDescriptionSummary;
        return {
          streamName: summary?.StreamName ?? "",
          streamArn: summary?.StreamARN ?? "",
          status: summary?.StreamStatus ?? "ACTIVE",
          retentionHours: summary?.RetentionPeriodHours ?? 24,
          openShardCount: summary?.OpenShardCount ?? 0,
          createdMs: summary?.StreamCreationTimestamp?.getTime(),
        };
      }),
    listShards: (request, signal) =>
      calling("ListShards", async () => {
        const input =
          request.nextToken === undefined
            ? {
                ...stream,
                ...(request.filter === undefined ? {} : { ShardFilter: toFilter(request.filter) }),
              }
            : { NextToken: request.nextToken };
        const answer = await client.send(new ListShardsCommand(input), aborting(signal));
        return { shards: (answer.Shards ?? []).map(toListedShard), nextToken: answer.NextToken };
      }),
    getShardIterator: (shardId, position, signal) =>
      calling("GetShardIterator", async () => {
        const { Type, SequenceNumber, Timestamp } = toStartingPosition(position);
        const answer = await client.send(
          new GetShardIteratorCommand({
            ...stream,
            ShardId: shardId,
            ShardIteratorType: Type,
            ...(SequenceNumber === undefined ? {} : { StartingSequenceNumber: SequenceNumber }),
            ...(Timestamp === undefined ? {} : { Timestamp }),
          }),
          aborting(signal),
        );
        return answer.ShardIterator ?? "";
      }),
    getRecords: (iterator, limit, signal) =>
      calling("GetRecords", async () => {
        const command = new GetRecordsCommand({
          ShardIterator: iterator,
          Limit: limit,
          ...("StreamARN" in stream ? stream : {}),
        });
        // A call without options of its own goes the way that the client worked out before, where it keeps that (`cacheMiddleware`): a third of an empty poll.
        const answer = await (client.config.cacheMiddleware
          ? unlessAborted(client.send(command), signal)
          : client.send(command, aborting(signal)));
        return {
          records: toRecords(answer.Records),
          nextIterator: answer.NextShardIterator,
          millisBehindLatest: answer.MillisBehindLatest,
          childShards: toChildShards(answer.ChildShards),
        };
      }),
    describeConsumer: async (streamArn, consumerName, signal) => {
      try {
        return await calling("DescribeStreamConsumer", async () => {
          const answer = await client.send(
            new DescribeStreamConsumerCommand({ StreamARN: streamArn, ConsumerName: consumerName }),
            aborting(signal),
          );
          return toConsumer(answer.ConsumerDescription);
        });
      } catch (error) {
        if (isKind(error, "not-found")) return undefined;
        throw error;
      }
    },
    registerConsumer: (streamArn, consumerName, signal) =>
      calling("RegisterStreamConsumer", async () => {
        const answer = await client.send(
          new RegisterStreamConsumerCommand({ StreamARN: streamArn, ConsumerName: consumerName }),
          aborting(signal),
        );
        return toConsumer(answer.Consumer);
      }),
    subscribeToShard: (consumerArn, shardId, position, signal) =>
      calling("SubscribeToShard", async () => {
        const subscriber = (subscriptions ??= options.subscriptionClient?.() ?? client);
        const subscribe = () => {
          // Each client learns of a clock that is off by its own answers, and the SDK means to learn nothing from event streams: what
          // the other calls taught holds here too.
          subscriber.config.systemClockOffset = client.config.systemClockOffset;
          return subscriber.send(
            new SubscribeToShardCommand({
              ConsumerARN: consumerArn,
              ShardId: shardId,
              StartingPosition: toStartingPosition(position),
            }),
            aborting(signal),
          );
        };
        let answer;
        try {
          answer = await subscribe();
        } catch (error) {
          if (!isByTheClock(error)) throw error;
          // A plain call corrects the clock.
          await firstIteratorOf(shardId, signal);
          answer = await subscribe();
        }
        return subscriptionEvents(answer.EventStream, experience);
      }),
    close: () => {
      if (options.ownsClient !== true) return;
      client.destroy();
      subscriptions?.destroy();
    },
  };
}

function aborting(signal: AbortSignal | undefined): { abortSignal?: AbortSignal } {
  return signal === undefined ? {} : { abortSignal: signal };
}

/** Rejects as soon as the signal is aborted; the answer comes all the same, within the time of a request, and nobody looks at it. */
function unlessAborted<Answer>(call: Promise<Answer>, signal: AbortSignal | undefined): Promise<Answer> {
  if (signal === undefined) return call;
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(asError(signal.reason));
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
    call.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

/** No generator: one that waits keeps the event that it gave last, and with it all its records, until the next one is there. */
function subscriptionEvents(
  stream: AsyncIterable<SubscribeToShardEventStream> | undefined,
  experience: Experience,
): AsyncIterable<SubscriptionEvent> {
  const members = stream?.[Symbol.asyncIterator]();
  const next = async (): Promise<IteratorResult<SubscriptionEvent, void>> => {
    for (;;) {
      const result = await members?.next();
      if (result === undefined || result.done === true) return { done: true, value: undefined };
      const event = eventOf(result.value, experience);
      if (event !== undefined) return { done: false, value: event };
    }
  };
  const events: AsyncIterator<SubscriptionEvent, void> = {
    next: async () => {
      try {
        return await next();
      } catch (error) {
        throw asCallError("SubscribeToShard", error, experience);
      }
    },
    return: async () => {
      await members?.return?.();
      return { done: true, value: undefined };
    },
  };
  return { [Symbol.asyncIterator]: () => events };
}

/** Undefined for a member that says nothing; throws one that ends the subscription: the SDK hands some errors over as values. */
function eventOf(member: SubscribeToShardEventStream, experience: Experience): SubscriptionEvent | undefined {
  const event = member.SubscribeToShardEvent;
  if (event === undefined) {
    const failure: unknown = Object.values(member).find((value) => value instanceof Error);
    if (failure !== undefined) throw asCallError("SubscribeToShard", failure, experience);
    return undefined;
  }
  return {
    records: toRecords(event.Records),
    continuationSequenceNumber: event.ContinuationSequenceNumber,
    millisBehindLatest: event.MillisBehindLatest,
    childShards: toChildShards(event.ChildShards),
  };
}
