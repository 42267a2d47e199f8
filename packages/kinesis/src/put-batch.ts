import {
  ALL_WRITTEN,
  putInWaves,
  putLanesInWaves,
  requirePassing,
  type Unsettled,
  type Wave,
  withFreshCredentials,
} from "@kinesis-connectors/aws";
import { asError, type EmitContext, type FailedEntry } from "@kinesis-connectors/core";
import { releaseResults, takenRecords } from "@kinesis-connectors/wire/protocol-over";
import type { PutRecordsCommandOutput } from "@aws-sdk/client-kinesis";
import type { KinesisConnection } from "./connection.js";
import { failureOf, isOutage, type RecordAnswer, recordFailureOf, refusal, summaryOf } from "./failures.js";
import {
  hashKeyOf,
  type KinesisPut,
  type OutgoingRecord,
  packAggregate,
  packAlone,
  recordsIn,
} from "./outgoing.js";
import { kinesisSdk } from "./load-sdk.js";
import { MAX_REQUEST_RECORDS } from "./limits.js";
import type { KinesisSettings } from "./settings.js";
import { listOpenShards, type ShardMap } from "./shard-map.js";

/** Where records are put, and what is known of it. */
export interface PutTarget<Output> {
  readonly connection: KinesisConnection;
  readonly settings: KinesisSettings<Output>;
  /** The open shards, where records are aggregated: listed before the first put, and again when an answer disagrees. */
  shards: ShardMap | undefined;
}

type Context = Pick<EmitContext<undefined>, "signal" | "clock" | "logger">;

/** An aggregate that went to another shard than expected, and its place in the request. */
interface Misrouted<Output> {
  readonly put: KinesisPut<Output>;
  readonly index: number;
  readonly shardId: string;
}

/**
 * Puts records in waves (`putInWaves`): one lane per partition key; per shard where records are aggregated; none where no order is asked for.
 * @throws KinesisConnectorError `KC_EMIT_REFUSED`; the abort's reason; or what the first request failed with
 */
export async function putBatch<Output>(
  target: PutTarget<Output>,
  outgoing: readonly OutgoingRecord<Output>[],
  context: Context,
): Promise<readonly FailedEntry<Output>[]> {
  if (outgoing.length === 0) return [];
  const { items, untried, error } = await putOutgoing(target, outgoing, context);
  return items.map((item) => ({ entry: item.entry, action: "retry", error, isBehind: untried.has(item) }));
}

async function putOutgoing<Output>(
  target: PutTarget<Output>,
  outgoing: readonly OutgoingRecord<Output>[],
  context: Context,
): Promise<Unsettled<OutgoingRecord<Output>>> {
  const { aggregate, ordering, maxRequestBytes } = target.settings;
  const options = {
    ...sendingTo(target, context),
    limits: { maxRequestEntries: MAX_REQUEST_RECORDS, maxRequestBytes },
    put: (puts: readonly KinesisPut<Output>[]) => putWave(target, puts, context),
  };
  if (aggregate === undefined) {
    if (ordering === "none") return putInWaves(outgoing, options);
    return putLanesInWaves(outgoing, {
      ...options,
      laneOf: (record) => record.partitionKey,
      pack: packAlone,
    });
  }
  const shards = await shardsOf(target, context);
  return putLanesInWaves(outgoing, {
    ...options,
    laneOf: (record) => {
      const shardId = shards.shardOf(hashKeyOf(record));
      if (shardId !== undefined) return shardId;
      target.shards = undefined;
      throw new Error("no open shard is listed for some hash keys: the target is being resharded");
    },
    pack: (records, start) => packAggregate(records, start, aggregate),
  });
}

/** How requests to the target fail, whatever they are for. */
function sendingTo<Output>(
  { connection, settings }: PutTarget<Output>,
  { signal }: Context,
): Parameters<typeof withFreshCredentials>[0] {
  return {
    connection,
    signal,
    failures: {
      failureOf,
      refusal: (cure, error) => refusal(settings.streamName, cure, error),
      summaryOf,
      isOutage,
    },
  };
}

/** Puts one request, and says what became of each record of it. */
async function putWave<Output>(
  target: PutTarget<Output>,
  puts: readonly KinesisPut<Output>[],
  context: Context,
): Promise<Wave> {
  const answer = await putRecords(target, puts, context);
  // Which shard it was matters to aggregates alone.
  const isPlain = target.settings.aggregate === undefined;
  if (isPlain && answer.FailedRecordCount === 0 && takenRecords(answer) === puts.length) {
    releaseResults(answer);
    return ALL_WRITTEN;
  }
  const answers = believed(answer, puts.length);
  const failed = new Map<number, Error>();
  const misrouted: Misrouted<Output>[] = [];
  for (let index = 0; index < puts.length; index += 1) {
    const put = puts[index] as KinesisPut<Output>;
    const said = answers[index];
    const failure = recordFailureOf(said);
    if (failure !== undefined) failed.set(index, failure);
    else if (put.count > 1 && isElsewhere(target, put, said?.ShardId ?? ""))
      misrouted.push({ put, index, shardId: said?.ShardId ?? "" });
  }
  if (misrouted.length === 0) return { failed };
  const stop = await settleMisrouted(target, failed, misrouted, context);
  return { failed, stop };
}

async function shardsOf<Output>(target: PutTarget<Output>, context: Context): Promise<ShardMap> {
  if (target.shards !== undefined) return target.shards;
  const { connection, settings } = target;
  try {
    target.shards = await withFreshCredentials(sendingTo(target, context), () =>
      listOpenShards(connection, settings.target, context),
    );
    return target.shards;
  } catch (error) {
    context.signal.throwIfAborted();
    throw requirePassing(sendingTo(target, context), error);
  }
}

/** Whether an aggregate went to another shard than the one that the map has for it: then the map is old. */
function isElsewhere<Output>(target: PutTarget<Output>, put: KinesisPut<Output>, shardId: string): boolean {
  return target.shards?.shardOf(hashKeyOf(put)) !== shardId;
}

/**
 * After a reshard an aggregate may hold records that its new shard does not own, and readers drop such an aggregate whole (that is the
 * KCL's rule). It counts as written only if the shard owns all of it; otherwise its records are put again by the new map.
 */
async function settleMisrouted<Output>(
  target: PutTarget<Output>,
  failed: Map<number, Error>,
  misrouted: readonly Misrouted<Output>[],
  context: Context,
): Promise<Error> {
  target.shards = undefined;
  context.logger.info(
    { stream: target.settings.streamName, aggregates: misrouted.length },
    "the target stream was resharded: aggregates went to other shards than expected; listing its shards again",
  );
  let shards: ShardMap;
  try {
    shards = await shardsOf(target, context);
  } catch (error) {
    context.signal.throwIfAborted();
    // Without the new map nothing of them counts as written. What was written before is known, so this is no rejection.
    for (const { index } of misrouted) failed.set(index, asError(error));
    return asError(error);
  }
  const error = new Error("the target stream was resharded while the record was put");
  error.name = "TargetResharded";
  for (const { put, index, shardId } of misrouted) {
    if (!shards.ownsAll(shardId, recordsIn(put).map(hashKeyOf))) failed.set(index, error);
  }
  return error;
}

async function putRecords<Output>(
  { connection, settings }: PutTarget<Output>,
  puts: readonly KinesisPut<Output>[],
  context: Context,
): Promise<PutRecordsCommandOutput> {
  const input = {
    ...settings.target,
    Records: puts.map(({ data: Data, partitionKey: PartitionKey, explicitHashKey: ExplicitHashKey }) =>
      ExplicitHashKey === undefined ? { Data, PartitionKey } : { Data, PartitionKey, ExplicitHashKey },
    ),
  };
  const { PutRecordsCommand } = await kinesisSdk();
  return connection.request(PutRecordsCommand, input, context);
}

/**
 * What an answer says of each of so many records.
 * @throws Error when it does not fit its request
 */
function believed(answer: PutRecordsCommandOutput, records: number): readonly RecordAnswer[] {
  const { Records: answers = [], FailedRecordCount: failed = 0 } = answer;
  // Results are known by their places alone: one too few or too many, and each may be that of another record.
  if (answers.length !== records)
    throw new Error(`PutRecords answered ${answers.length} of ${records} records: none of it is believed`);
  if (answers.some(({ ErrorCode, ShardId }) => ErrorCode === undefined && ShardId === undefined))
    throw new Error(
      "PutRecords says of a record neither where it is nor why it failed: none of it is believed",
    );
  const named = failed > 0 ? answers.filter(({ ErrorCode }) => ErrorCode !== undefined).length : 0;
  if (failed > named)
    throw new Error(
      `PutRecords says that ${failed} records failed and names ${named}: none of it is believed`,
    );
  return answers;
}
