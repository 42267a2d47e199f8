import { type Batch, type BufferEntry, type Emitter } from "@kinesis-connectors/core";
import { firehoseEmitter, type FirehoseEmitterOptions } from "@kinesis-connectors/firehose";
import { type FaultEffect, type FaultRule, type LocalAws, startLocalAws } from "@kinesis-connectors/local";
import { batchOfEntries, entryOf } from "@kinesis-connectors/testkit";

const TARGET = "target";

/** A local Firehose with a delivery stream, and what tests ask of it. */
export interface LocalTarget extends AsyncDisposable {
  readonly aws: LocalAws;
  readonly connection: ReturnType<LocalAws["clientOptions"]>;
  readonly emitter: <Output = unknown>(options?: Partial<FirehoseEmitterOptions<Output>>) => Emitter<Output>;
  readonly texts: () => string[];
  /** Adds a rule for PutRecordBatch; tells how often it has fired. */
  readonly fault: (effect: FaultEffect, rule?: Partial<FaultRule>) => () => number;
  /** Records of each PutRecordBatch that was answered, in order. */
  readonly requests: () => number[];
}

export async function startTarget(): Promise<LocalTarget> {
  const aws = await startLocalAws({
    kinesis: false,
    s3: false,
    dynamodb: false,
    opensearch: false,
    firehose: { deliveryStreams: [TARGET] },
  });
  const connection = aws.clientOptions("firehose");
  const emitters: Pick<Emitter<never>, "close">[] = [];
  return {
    aws,
    connection,
    emitter: (given = {}) => {
      const emitter = firehoseEmitter({ ...connection, deliveryStream: TARGET, ...given });
      emitters.push(emitter);
      return emitter;
    },
    texts: () => aws.firehose.records(TARGET).map((data) => data.toString()),
    fault: (effect, rule = {}) => {
      const id = aws.faults.add({ server: "firehose", operation: "PutRecordBatch", effect, ...rule });
      return () => aws.faults.list().find((status) => status.id === id)?.fired ?? 0;
    },
    requests: () =>
      aws.journal
        .entries({ operation: "PutRecordBatch" })
        .map(({ parameters }) => Number(parameters["records"])),
    [Symbol.asyncDispose]: async () => {
      for (const emitter of emitters) await emitter.close?.();
      await aws.close();
    },
  };
}

/** A batch of these outputs, one record each. */
export function batchOf<Output>(outputs: readonly Output[]): Batch<Output> {
  return batchOfEntries(
    outputs.map((output, index): BufferEntry<Output> => {
      const { record, bytes } = entryOf(index, Buffer.from(`record ${index}`));
      return { output, record, bytes };
    }),
  );
}
