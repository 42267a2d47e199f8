import type { SQSClient } from "@aws-sdk/client-sqs";
import {
  connectAws,
  firstLook,
  limited,
  putInWaves,
  putLanesInWaves,
  type Wave,
} from "@kinesis-connectors/aws";
import { asError, type Emitter, type FailedEntry } from "@kinesis-connectors/core";
import {
  cureAtOpen,
  errorCodeOf,
  failureOf,
  isOutage,
  messageFailure,
  refusal,
  summaryOf,
} from "./failures.js";
import { sqsSdk } from "./load-sdk.js";
import { MAX_BYTES, MAX_REQUEST_MESSAGES } from "./limits.js";
import type { SqsEmitterOptions } from "./options.js";
import { messageEncoder, type OutgoingMessage } from "./outgoing.js";
import { settingsFrom } from "./settings.js";

/**
 * Sends each output as a message to a queue: at least once. To a FIFO queue in the order of each partition key, and once within five minutes.
 *
 * @example
 * ```ts
 * const emitter = sqsEmitter<Order>({ queueUrl: "https://sqs.eu-central-1.amazonaws.com/123456789012/orders.fifo" });
 * ```
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function sqsEmitter<Output>(options: SqsEmitterOptions<Output>): Emitter<Output> {
  const settings = settingsFrom(options);
  const { queueUrl, queueName, isFifo, region } = settings;
  const connection = connectAws<SQSClient>(
    {
      ...options,
      ...(options.region === undefined && options.client === undefined && region !== undefined
        ? { region }
        : {}),
    },
    {
      endpointVariable: "AWS_ENDPOINT_URL_SQS",
      requestTimeoutMs: 30_000,
      // The engine repeats: only it knows which messages are sent, and it shows what it repeats. Where a queue is reached is the endpoint's to say: the client
      // would send to the host of the URL otherwise, past the checks of endpoints.
      create: async (config) => {
        const { SQSClient: Client } = await sqsSdk();
        return new Client({ ...config, maxAttempts: 1, useQueueUrlAsEndpoint: false });
      },
    },
  );
  const failures = {
    failureOf,
    refusal: (cure: string, error: unknown) => refusal(queueName, cure, error),
    summaryOf,
    isOutage,
  };
  const encoder = messageEncoder(settings);
  return {
    capabilities: { duplicates: "possible", ordering: isFifo ? "partition-key" : "none" },

    emit: async (batch, context) => {
      const outgoing: OutgoingMessage<Output>[] = [];
      const failed: FailedEntry<Output>[] = [];
      encoder.begin(batch.entries);
      for (const entry of batch.entries) {
        try {
          outgoing.push(encoder.encode(entry, batch));
        } catch (thrown) {
          failed.push({ entry, action: "dead-letter", error: asError(thrown) });
        }
      }
      if (outgoing.length === 0) return { failed };
      const waves = {
        limits: { maxRequestEntries: MAX_REQUEST_MESSAGES, maxRequestBytes: MAX_BYTES },
        put: async (puts: readonly OutgoingMessage<Output>[]): Promise<Wave> => {
          const input = {
            QueueUrl: queueUrl,
            Entries: puts.map(({ message }, index) => ({ ...message, Id: `${index}` })),
          };
          const { SendMessageBatchCommand } = await sqsSdk();
          const answer = await connection.request(SendMessageBatchCommand, input, context);
          return waveOf(answer, puts.length, failures.refusal);
        },
        failures,
        connection,
        signal: context.signal,
      };
      const { items, untried, error } = isFifo
        ? await putLanesInWaves(outgoing, {
            ...waves,
            laneOf: ({ groupId }) => groupId,
            pack: (messages, start) => messages[start] as OutgoingMessage<Output>,
          })
        : await putInWaves(outgoing, waves);
      for (const item of items)
        failed.push({ entry: item.entry, action: "retry", error, isBehind: untried.has(item) });
      return { failed };
    },

    wouldDouble: () =>
      Promise.resolve(
        `whatever was sent to the queue "${queueName}" by now: it takes a message as often as it is sent${isFifo ? ", but for five minutes" : ""}`,
      ),

    open: async (opening) => {
      await firstLook(connection, opening, {
        look: (bounds) =>
          limited(connection, bounds, async (abortSignal) => {
            const { GetQueueAttributesCommand } = await sqsSdk();
            const command = new GetQueueAttributesCommand({
              QueueUrl: queueUrl,
              AttributeNames: ["QueueArn"],
            });
            return connection.client.send(command, { abortSignal });
          }),
        cureAtOpen,
        refusal: failures.refusal,
        unsure: (error) =>
          opening.logger.debug(
            { queue: queueName, error: errorCodeOf(error) },
            "the queue could not be looked at; going on",
          ),
      });
    },

    close: () => {
      connection.close();
      return Promise.resolve();
    },
  };
}

/** What an answer says of each message, by the ids, which are places. */
function waveOf(
  answer: {
    readonly Successful?: readonly { readonly Id?: string | undefined }[] | undefined;
    readonly Failed?:
      | readonly { readonly Id?: string | undefined; readonly Code?: string | undefined }[]
      | undefined;
  },
  sent: number,
  refuse: (cure: string, error: unknown) => Error,
): Wave {
  const { Successful: successful = [], Failed: refused = [] } = answer;
  const ids = new Set([...successful, ...refused].map(({ Id: id }) => id));
  if (
    successful.length + refused.length !== sent ||
    ids.size !== sent ||
    !Array.from({ length: sent }, (_, index) => `${index}`).every((id) => ids.has(id))
  )
    throw new Error(
      `SendMessageBatch answered ${ids.size} of ${sent} messages by their ids: none of it is believed`,
    );
  const failed = new Map<number, Error>();
  for (const { Id: id, Code: code = "NoCode" } of refused) {
    const { error, cure } = messageFailure(code);
    // With none of its messages taken the request says nothing else than this; with some, the next request of the same queue will.
    if (cure !== undefined && successful.length === 0) throw refuse(cure, error);
    failed.set(Number(id), error);
  }
  return { failed };
}
