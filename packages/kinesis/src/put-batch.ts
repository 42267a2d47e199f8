import { PutRecordsCommand } from "@aws-sdk/client-kinesis";
import { RENEW_CURE } from "@kinesis-connectors/aws";
import { asError, type EmitContext, type FailedEntry } from "@kinesis-connectors/core";
import type { KinesisConnection } from "./connection.js";
import { failureOf, type RecordAnswer, recordFailureOf, refusal, summaryOf } from "./failures.js";
import {
  hashKeyOf,
  type KinesisPut,
  type OutgoingRecord,
  packAggregate,
  packAlone,
  recordsIn,
} from "./outgoing.js";
import { type RequestSplitter, splitIntoRequests, splitUnordered } from "./requests.js";
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
type Splitter<Output> = RequestSplitter<OutgoingRecord<Output>, KinesisPut<Output>>;

/** An aggregate that went to another shard than expected, and its place in the request. */
interface Misrouted<Output> {
  readonly put: KinesisPut<Output>;
  readonly index: number;
  readonly shardId: string;
}

/**
 * Puts records until each is written, was refused, or waits behind one that was refused; those come back to be tried again. Records of other
 * keys are not held up by a refused one.
 *
 * It rejects only when nothing was written and nothing is known of the request. After that the entries that are written are known, and a
 * rejection would have them put once more.
 * @throws KinesisConnectorError `KC_EMIT_REFUSED`; the abort's reason; or what the first request failed with
 */
export async function putBatch<Output>(
  target: PutTarget<Output>,
  outgoing: readonly OutgoingRecord<Output>[],
  context: Context,
): Promise<readonly FailedEntry<Output>[]> {
  if (outgoing.length === 0) return [];
  const splitter = await splitterOf(target, outgoing, context);
  let isAnyWritten = false;
  let why: Error | undefined;
  for (let puts = splitter.next(); puts.length > 0; puts = splitter.next()) {
    let answers: readonly RecordAnswer[];
    try {
      answers = await withCredentials(target, context, () => putRecords(target, puts, context));
    } catch (error) {
      context.signal.throwIfAborted();
      const failure = requirePassing(target, error);
      if (!isAnyWritten) throw failure;
      why = failure;
      break;
    }
    const misrouted: Misrouted<Output>[] = [];
    for (let index = 0; index < puts.length; index += 1) {
      const put = puts[index] as KinesisPut<Output>;
      const answer = answers[index];
      const failure = recordFailureOf(answer);
      if (failure !== undefined) why = failure;
      else if (put.count > 1 && isElsewhere(target, put, answer?.ShardId ?? ""))
        misrouted.push({ put, index, shardId: answer?.ShardId ?? "" });
      else {
        splitter.written(index);
        isAnyWritten = true;
      }
    }
    if (misrouted.length > 0) {
      why = await settleMisrouted(target, splitter, misrouted, context);
      break;
    }
  }
  const unsettled = splitter.unsettled();
  const error = why ?? new Error("the record waits behind one that was refused");
  return unsettled.map(({ entry }) => ({ entry, action: "retry", error }));
}

/** One queue per partition key; per shard where records are aggregated; per record where no order is asked for. */
async function splitterOf<Output>(
  target: PutTarget<Output>,
  outgoing: readonly OutgoingRecord<Output>[],
  context: Context,
): Promise<Splitter<Output>> {
  const { aggregate, ordering, maxRequestBytes } = target.settings;
  if (aggregate === undefined) {
    if (ordering === "none") return splitUnordered(outgoing, maxRequestBytes);
    const laneOf = ({ partitionKey }: OutgoingRecord<Output>): string => partitionKey;
    return splitIntoRequests(outgoing, { maxRequestBytes, laneOf, pack: packAlone });
  }
  const shards = await shardsOf(target, context);
  return splitIntoRequests(outgoing, {
    maxRequestBytes,
    laneOf: (record) => {
      const shardId = shards.shardOf(hashKeyOf(record));
      if (shardId !== undefined) return shardId;
      target.shards = undefined;
      throw new Error("no open shard is listed for some hash keys: the target is being resharded");
    },
    pack: (records, start) => packAggregate(records, start, aggregate),
  });
}

async function shardsOf<Output>(target: PutTarget<Output>, context: Context): Promise<ShardMap> {
  if (target.shards !== undefined) return target.shards;
  const { connection, settings } = target;
  try {
    target.shards = await withCredentials(target, context, () =>
      listOpenShards(connection, settings.target, context),
    );
    return target.shards;
  } catch (error) {
    context.signal.throwIfAborted();
    throw requirePassing(target, error);
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
  splitter: Splitter<Output>,
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
    return asError(error);
  }
  for (const { put, index, shardId } of misrouted) {
    if (shards.ownsAll(shardId, recordsIn(put).map(hashKeyOf))) splitter.written(index);
  }
  const error = new Error("the target stream was resharded while the record was put");
  error.name = "TargetResharded";
  return error;
}

async function putRecords<Output>(
  { connection, settings }: PutTarget<Output>,
  puts: readonly KinesisPut<Output>[],
  context: Context,
): Promise<readonly RecordAnswer[]> {
  const input = {
    ...settings.target,
    Records: puts.map(({ data: Data, partitionKey: PartitionKey, explicitHashKey: ExplicitHashKey }) =>
      ExplicitHashKey === undefined ? { Data, PartitionKey } : { Data, PartitionKey, ExplicitHashKey },
    ),
  };
  const answer = await connection.request(PutRecordsCommand, input, context);
  const { Records: answers = [], FailedRecordCount: failed = 0 } = answer;
  // Results are known by their places alone: one too few or too many, and each may be that of another record.
  if (answers.length !== puts.length)
    throw new Error(
      `PutRecords answered ${answers.length} of ${puts.length} records: none of it is believed`,
    );
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

/** Runs a request, and once more with fresh credentials when the present ones have expired. */
async function withCredentials<Output, Answer>(
  { connection }: PutTarget<Output>,
  context: Context,
  request: () => Promise<Answer>,
): Promise<Answer> {
  try {
    return await request();
  } catch (error) {
    context.signal.throwIfAborted();
    if (failureOf(error).kind !== "expired") throw error;
    await connection.refreshCredentials();
    return await request();
  }
}

/** What may pass, as an error fit for logs. Throws what no repetition mends. */
function requirePassing<Output>({ connection, settings }: PutTarget<Output>, error: unknown): Error {
  const failure = failureOf(error);
  if (failure.kind === "refused") throw refusal(settings.streamName, failure.cure, error);
  // Others would have come by now if there were any; where they are fetched, that is an outage of whoever has them.
  if (failure.kind === "expired" && !connection.renewsCredentials)
    throw refusal(settings.streamName, RENEW_CURE, error);
  return summaryOf(error);
}
