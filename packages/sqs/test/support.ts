import type { Batch, BufferEntry, Emitter } from "@kinesis-connectors/core";
import {
  type FaultEffect,
  type FaultRule,
  type LocalAws,
  type SqsMessage,
  startLocalAws,
} from "@kinesis-connectors/local";
import { sqsEmitter, type SqsEmitterOptions } from "@kinesis-connectors/sqs";
import { batchOfEntries, entryOf, virtualClock } from "@kinesis-connectors/testkit";

/** A local SQS with a queue, and what tests ask of it. */
export interface LocalTarget extends AsyncDisposable {
  readonly aws: LocalAws;
  readonly queueUrl: string;
  readonly connection: ReturnType<LocalAws["clientOptions"]>;
  readonly emitter: <Output = unknown>(options?: Partial<SqsEmitterOptions<Output>>) => Emitter<Output>;
  readonly messages: () => readonly SqsMessage[];
  readonly bodies: () => string[];
  /** Adds a rule for SendMessageBatch; tells how often it has fired. */
  readonly fault: (effect: FaultEffect, rule?: Partial<FaultRule>) => () => number;
  /** Messages of each SendMessageBatch that was answered, in order. */
  readonly requests: () => number[];
}

export async function startTarget(
  name: "target" | "target.fifo",
  clock?: ReturnType<typeof virtualClock>,
): Promise<LocalTarget> {
  const aws = await startLocalAws({
    kinesis: false,
    s3: false,
    dynamodb: false,
    opensearch: false,
    sqs: {},
    ...(clock === undefined ? {} : { clock }),
  });
  const queueUrl = aws.sqs.createQueue(name);
  const connection = aws.clientOptions("sqs");
  const emitters: Pick<Emitter<never>, "close">[] = [];
  return {
    aws,
    queueUrl,
    connection,
    emitter: (given = {}) => {
      const emitter = sqsEmitter({ ...connection, queueUrl, ...given });
      emitters.push(emitter);
      return emitter;
    },
    messages: () => aws.sqs.messages(name),
    bodies: () => aws.sqs.messages(name).map(({ body }) => body),
    fault: (effect, rule = {}) => {
      const id = aws.faults.add({ server: "sqs", operation: "SendMessageBatch", effect, ...rule });
      return () => aws.faults.list().find((status) => status.id === id)?.fired ?? 0;
    },
    requests: () =>
      aws.journal
        .entries({ operation: "SendMessageBatch" })
        .map(({ parameters }) => Number(parameters["entries"])),
    [Symbol.asyncDispose]: async () => {
      for (const emitter of emitters) await emitter.close?.();
      await aws.close();
    },
  };
}

/** A batch of these outputs, one record each, with keys in turn. */
export function batchOf<Output>(
  outputs: readonly Output[],
  keyOf: (index: number) => string = (index) => `key-${index}`,
): Batch<Output> {
  return batchOfEntries(
    outputs.map((output, index): BufferEntry<Output> => {
      const { record, bytes } = entryOf(index, Buffer.from(`record ${index}`), {
        partitionKey: keyOf(index),
      });
      return { output, record, bytes };
    }),
  );
}
