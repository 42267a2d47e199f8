import { CreateDeliveryStreamCommand, FirehoseClient } from "@aws-sdk/client-firehose";
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { type Emitter, KinesisConnectorError, silentLogger } from "@kinesis-connectors/core";
import { firehoseEmitter } from "@kinesis-connectors/firehose";
import { sqsEmitter } from "@kinesis-connectors/sqs";
import { batchOfEntries, deliverStubbornly, entryOf } from "@kinesis-connectors/testkit";
import { NodeHttpHandler } from "@smithy/node-http-handler";

/** What came of putting into an emulator of a service. */
export interface PutVerdict {
  /** Where to, such as `firehose`. */
  readonly into: string;
  readonly isRight: boolean;
  readonly says: string;
  /** What the emulator does not do, so that nothing is shown about it. */
  readonly notDone: string;
}

const REACH = { region: "eu-central-1", credentials: { accessKeyId: "local", secretAccessKey: "local" } };
/** Records have these partition keys in turn. */
const KEYS = 20;

interface Reading {
  readonly n: number;
  readonly key: string;
}

const batch = (records: number) =>
  batchOfEntries(
    Array.from({ length: records }, (_, n) => {
      const key = `key ${n % KEYS}`;
      const { record, bytes } = entryOf(n, `record ${n}`, { partitionKey: key });
      return { output: { n, key } satisfies Reading, record, bytes };
    }),
  );

/** Puts by `firehoseEmitter` into a delivery stream with a bucket behind it, and reads what came into the bucket. */
export async function checkFirehose(endpoint: string, records: number): Promise<PutVerdict> {
  const reach = { ...REACH, endpoint, requestHandler: new NodeHttpHandler() };
  const client = new FirehoseClient(reach);
  const s3 = new S3Client({ ...reach, forcePathStyle: true });
  await s3.send(
    new CreateBucketCommand({
      Bucket: "delivered",
      CreateBucketConfiguration: { LocationConstraint: "eu-central-1" },
    }),
  );
  await client.send(
    new CreateDeliveryStreamCommand({
      DeliveryStreamName: "readings",
      DeliveryStreamType: "DirectPut",
      ExtendedS3DestinationConfiguration: {
        BucketARN: "arn:aws:s3:::delivered",
        RoleARN: "arn:aws:iam::123456789012:role/firehose",
      },
    }),
  );
  await emitAll(firehoseEmitter<Reading>({ ...REACH, endpoint, deliveryStream: "readings" }), records);
  const lines: string[] = [];
  const { Contents: objects = [] } = await s3.send(new ListObjectsV2Command({ Bucket: "delivered" }));
  for (const { Key } of objects) {
    const { Body: body } = await s3.send(new GetObjectCommand({ Bucket: "delivered", Key }));
    lines.push(...((await body?.transformToString()) ?? "").split("\n").filter((line) => line !== ""));
  }
  const refused = await refusalOf(firehoseEmitter<Reading>({ ...REACH, endpoint, deliveryStream: "none" }));
  client.destroy();
  s3.destroy();
  return verdict("firehose", records, lines, refused, {
    notDone: "it refuses no record of a request, throttles nothing and knows no limits",
  });
}

/** Sends by `sqsEmitter`, everything twice, and receives what the queue has: a FIFO queue has each once, and those of a group in order. */
export async function checkSqs(endpoint: string, records: number, isFifo: boolean): Promise<PutVerdict> {
  const client = new SQSClient({ ...REACH, endpoint, requestHandler: new NodeHttpHandler() });
  const name = isFifo ? "readings.fifo" : "readings";
  const { QueueUrl: queueUrl = "" } = await client.send(
    new CreateQueueCommand({ QueueName: name, ...(isFifo ? { Attributes: { FifoQueue: "true" } } : {}) }),
  );
  // A queue's URL names an endpoint of its own, which is not where an emulator is.
  const emitter = () => sqsEmitter<Reading>({ ...REACH, endpoint, queueUrl });
  await emitAll(emitter(), records);
  if (isFifo) await emitAll(emitter(), records);
  const bodies: string[] = [];
  for (;;) {
    const { Messages: messages = [] } = await client.send(
      new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10 }),
    );
    if (messages.length === 0) break;
    bodies.push(...messages.map(({ Body: body = "" }) => body));
    await client.send(
      new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries: messages.map(receiptOf) }),
    );
  }
  const refused = await refusalOf(
    sqsEmitter<Reading>({ ...REACH, endpoint, queueUrl: queueUrl.replace("readings", "none") }),
  );
  client.destroy();
  return verdict(name, records, bodies, refused, {
    ...(isFifo ? { isInOrder: isInOrderByKey(bodies) } : {}),
    notDone:
      "it refuses a request whole for one message, throttles nothing, and forgets a deduplication id with its message",
  });
}

function receiptOf({ ReceiptHandle }: Message, index: number) {
  return { Id: `${index}`, ReceiptHandle };
}

async function emitAll(emitter: Emitter<Reading>, records: number): Promise<void> {
  await emitter.open?.({ signal: new AbortController().signal, logger: silentLogger });
  const { result } = await deliverStubbornly(emitter, batch(records), 10);
  await emitter.close?.();
  if (result.failed.length > 0) throw new Error(`${result.failed.length} records were not taken`);
}

/** The code of the error that the look at a target ends with that is not there. */
async function refusalOf(emitter: Emitter<Reading>): Promise<string> {
  try {
    await emitter.open?.({ signal: new AbortController().signal, logger: silentLogger });
    return "nothing";
  } catch (error) {
    return KinesisConnectorError.isInstance(error) ? error.code : String(error);
  } finally {
    await emitter.close?.();
  }
}

function isInOrderByKey(lines: readonly string[]): boolean {
  const last = new Map<string, number>();
  return lines.every((line) => {
    const { n, key }: Reading = JSON.parse(line);
    const isLater = n > (last.get(key) ?? -1);
    last.set(key, n);
    return isLater;
  });
}

function verdict(
  into: string,
  records: number,
  lines: readonly string[],
  refused: string,
  { isInOrder, notDone }: { readonly isInOrder?: boolean; readonly notDone: string },
): PutVerdict {
  const seen = new Set(lines.map((line) => (JSON.parse(line) as Reading).n));
  const order = isInOrder !== undefined ? `, ${isInOrder ? "in order" : "NOT in order"} of each key` : "";
  return {
    into,
    isRight:
      seen.size === records &&
      lines.length === records &&
      isInOrder !== false &&
      refused === "KC_EMIT_REFUSED",
    says: `${seen.size} of ${records} there, ${lines.length - seen.size} twice${order}; what is not there ends with ${refused}`,
    notDone,
  };
}
