import type { KinesisClient } from "@aws-sdk/client-kinesis";
import {
  atCorrectedClock,
  isByTheClock,
  keepRequests,
  type Later,
  later,
  type SendCommand,
  withFreshSession,
} from "@kinesis-connectors/aws";
import { checkOptions, type OptionNames } from "@kinesis-connectors/core";
import { isKind, type KinesisApi } from "./kinesis-api.js";
import { asCallError, type Experience } from "./kinesis-failures.js";
import { kinesisSdk } from "./clients/load-kinesis-sdk.js";
import {
  toRecords,
  toChildShards,
  toListedShard,
  toFilter,
  toStartingPosition,
  toConsumer,
} from "./sdk-shapes.js";
import { subscriptionEvents } from "./subscription-events.js";

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
  readonly subscriptionClient?: () => KinesisClient | Promise<KinesisClient>;
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
  const given = { made: () => Promise.resolve(client), end: () => client.destroy() };
  return kinesisLater(given, stream, options);
}

type Sdk = Awaited<ReturnType<typeof kinesisSdk>>;

/** The same over a client that is made with the first call. */
export function kinesisLater(
  client: Later<KinesisClient>,
  stream: StreamName,
  options: SdkKinesisOptions = {},
): KinesisApi {
  checkOptions("sdkKinesis", options, NAMES);
  const ready = later(
    async () => {
      const made = await client.made();
      // All of these go to the one stream.
      return { made, sdk: await kinesisSdk(), request: keepRequests(made) };
    },
    () => undefined,
  );
  const { subscriptionClient = client.made } = options;
  const subscriptions = later(
    async () => await subscriptionClient(),
    (made) => made.destroy(),
  );
  const worked = new Set<string>(options.hasWorked === true ? ["any"] : []);
  const experience: Experience = {
    has: (operation) => worked.has(operation),
    get size() {
      return worked.size;
    },
    renews: options.fixedCredentials !== true,
  };
  const calling = async <Answer>(
    operation: string,
    call: (client: KinesisClient, sdk: Sdk, request: SendCommand) => Promise<Answer>,
  ): Promise<Answer> => {
    const { made, sdk, request } = await ready.made();
    try {
      const answer = await withFreshSession(made, () => atCorrectedClock(() => call(made, sdk, request)));
      worked.add(operation);
      return answer;
    } catch (error) {
      throw asCallError(operation, error, experience);
    }
  };
  const firstIteratorOf = async (
    made: KinesisClient,
    { GetShardIteratorCommand }: Sdk,
    shardId: string,
    signal: AbortSignal,
  ): Promise<void> => {
    const input = { ...stream, ShardId: shardId, ShardIteratorType: "TRIM_HORIZON" } as const;
    await atCorrectedClock(() => made.send(new GetShardIteratorCommand(input), aborting(signal)));
  };
  return {
    describeStream: (signal) =>
      calling("DescribeStreamSummary", async (made, { DescribeStreamSummaryCommand }) => {
        const answer = await made.send(new DescribeStreamSummaryCommand(stream), aborting(signal));
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
      calling("ListShards", async (made, { ListShardsCommand }) => {
        const input =
          request.nextToken === undefined
            ? {
                ...stream,
                ...(request.filter === undefined ? {} : { ShardFilter: toFilter(request.filter) }),
              }
            : { NextToken: request.nextToken };
        const answer = await made.send(new ListShardsCommand(input), aborting(signal));
        return { shards: (answer.Shards ?? []).map(toListedShard), nextToken: answer.NextToken };
      }),
    getShardIterator: (shardId, position, signal) =>
      calling("GetShardIterator", async (_made, { GetShardIteratorCommand }, request) => {
        const { Type, SequenceNumber, Timestamp } = toStartingPosition(position);
        const input = {
          ...stream,
          ShardId: shardId,
          ShardIteratorType: Type,
          ...(SequenceNumber === undefined ? {} : { StartingSequenceNumber: SequenceNumber }),
          ...(Timestamp === undefined ? {} : { Timestamp }),
        };
        const answer = await request(GetShardIteratorCommand, input, signal);
        return answer.ShardIterator ?? "";
      }),
    getRecords: (iterator, limit, signal) =>
      calling("GetRecords", async (_made, { GetRecordsCommand }, request) => {
        const input = {
          ShardIterator: iterator,
          Limit: limit,
          ...("StreamARN" in stream ? stream : {}),
        };
        const answer = await request(GetRecordsCommand, input, signal);
        return {
          records: toRecords(answer.Records),
          nextIterator: answer.NextShardIterator,
          millisBehindLatest: answer.MillisBehindLatest,
          childShards: toChildShards(answer.ChildShards),
        };
      }),
    describeConsumer: async (streamArn, consumerName, signal) => {
      try {
        return await calling("DescribeStreamConsumer", async (made, { DescribeStreamConsumerCommand }) => {
          const answer = await made.send(
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
      calling("RegisterStreamConsumer", async (made, { RegisterStreamConsumerCommand }) => {
        const answer = await made.send(
          new RegisterStreamConsumerCommand({ StreamARN: streamArn, ConsumerName: consumerName }),
          aborting(signal),
        );
        return toConsumer(answer.Consumer);
      }),
    subscribeToShard: (consumerArn, shardId, position, signal) =>
      calling("SubscribeToShard", async (made, sdk) => {
        const subscriber = await subscriptions.made();
        const subscribe = () => {
          // Each client learns of a clock that is off by its own answers, and the SDK means to learn nothing from event streams: what
          // the other calls taught holds here too.
          subscriber.config.systemClockOffset = made.config.systemClockOffset;
          return subscriber.send(
            new sdk.SubscribeToShardCommand({
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
          await firstIteratorOf(made, sdk, shardId, signal);
          answer = await subscribe();
        }
        return subscriptionEvents(answer.EventStream, experience);
      }),
    close: () => {
      if (options.ownsClient !== true) return;
      client.end();
      subscriptions.end();
    },
  };
}

function aborting(signal: AbortSignal | undefined): { abortSignal?: AbortSignal } {
  return signal === undefined ? {} : { abortSignal: signal };
}
