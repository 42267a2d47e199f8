import { asError, errorFields } from "@kinesis-connectors/core";

import {
  type InvocationContext,
  type KinesisBatchResponse,
  type KinesisEvent,
  requireContext,
  shardsOf,
} from "./event.js";
import { ColdStart, type MappingFacts } from "./handler/cold-start.js";
import { InvocationDeadline } from "./handler/invocation-deadline.js";
import { runShard, type ShardAnswer } from "./handler/shard-invocation.js";
import { Streams } from "./handler/streams.js";
import { type HandlerSettings, handlerSettings, type KinesisHandlerOptions } from "./options.js";

/** A function that Lambda calls with the records of an event source mapping. */
export type KinesisHandler = (
  event: KinesisEvent,
  context: InvocationContext,
) => Promise<KinesisBatchResponse>;

/**
 * The pipeline as a Lambda function on an event source mapping of a Kinesis stream: every record once, although Lambda hands batches over again, cut anew.
 * The row of a shard, in a table that workers of the same application share, fences invocations that Lambda has given up and remembers what they prepared.
 *
 * The mapping needs `ReportBatchItemFailures` and a ParallelizationFactor of 1. A failure after which something was delivered answers with where to go on; one after
 * which nothing was is thrown, so that Lambda counts it and bisects.
 *
 * @example
 * ```ts
 * export const handler = kinesisHandler({ application: "click-archive", pipeline: archive });
 * ```
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option. The handler rejects with what ended an invocation.
 */
export function kinesisHandler<Model, Output, Plan = undefined, DeadLetterPlan = undefined>(
  options: KinesisHandlerOptions<Model, Output, Plan, DeadLetterPlan>,
): KinesisHandler {
  const settings = handlerSettings(options);
  const { kinesisApi, connection, logger, clock, random } = settings;
  const coldStart = new ColdStart(settings);
  const ended = new Set<string>();
  const streams = new Streams({ kinesisApi, connection, logger, clock, random });
  return async (event, context) => {
    const shards = shardsOf(event);
    const { eventSourceARN: eventSourceArn } = event.Records[0] ?? {};
    if (eventSourceArn === undefined) return { batchItemFailures: [] };
    requireContext(context);
    const { awsRequestId: requestId, invokedFunctionArn: functionArn } = context;
    const deadline = new InvocationDeadline(context, clock);
    try {
      const { signal } = deadline;
      const mapping = { functionArn, eventSourceArn, signal };
      const { reportsFailures } = await deadline.limit(
        "the start of the sandbox (mapping, lease table, open of the emitter)",
        coldStart.ready(mapping),
      );
      const { table } = coldStart;
      const lookAgain = async (): Promise<MappingFacts> => await coldStart.lookAgain(mapping);
      const invocation = { settings, table, streams, requestId, deadline, ended, lookAgain };
      const answers = await Promise.all(shards.map((shard) => runShard(invocation, shard)));
      return await answerOf(settings, answers, async () => {
        if (!reportsFailures) return false;
        const facts =
          coldStart.believed(mapping) ?? (await deadline.limit("the look at the mapping", lookAgain()));
        return facts.reportsFailures;
      });
    } finally {
      deadline.cancel();
    }
  };
}

/**
 * What Lambda is answered. Nothing made anywhere, or an answer that would not be heard, is thrown: Lambda counts it as an error, and bisects.
 * @param isHeard whether the mapping takes an answer that names where to go on, now: to one that does not any more it would be success
 */
async function answerOf<Model, Output, Plan, DeadLetterPlan>(
  { logger }: HandlerSettings<Model, Output, Plan, DeadLetterPlan>,
  answers: readonly ShardAnswer[],
  isHeard: () => Promise<boolean>,
): Promise<KinesisBatchResponse> {
  const failed = answers.filter((answer) => answer.type !== "done");
  const [first, ...others] = failed;
  if (first === undefined) return { batchItemFailures: [] };
  const isNothing = answers.every(({ type }) => type === "nothing");
  if (!isNothing && (await isHeard().catch(() => false))) {
    for (const { type, error } of failed)
      if (type === "nothing") logger.error(errorFields(asError(error)), "a shard of the event failed");
    return { batchItemFailures: failed.map(({ identifier }) => ({ itemIdentifier: identifier })) };
  }
  for (const { error } of others) logger.error(errorFields(error), "a shard of the event failed");
  throw first.error;
}
