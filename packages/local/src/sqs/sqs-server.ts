import { createHash } from "node:crypto";
import { LocalAwsError } from "../errors.js";
import type { FiredFault } from "../faults.js";
import { heldPage } from "../http/held-page.js";
import { failedEntry } from "../json-call/entry-faults.js";
import { JsonCallError } from "../json-call/json-call-error.js";
import {
  type Body,
  type JsonServerOptions,
  type ListenOptions,
  startJsonServer,
} from "../json-call/json-call-server.js";
import { type SqsEntry, entriesOf } from "./entries.js";
import { attributesMd5, md5 } from "./digests.js";
import { DEDUPLICATION_MS, MAX_BYTES, QUEUE_NAME } from "./limits.js";

/** Settings of the local SQS. */
export interface SqsOptions extends ListenOptions {
  /** Names of the queues that are there; FIFO where the name ends in `.fifo`. */
  readonly queues?: readonly string[];
}

/** The same, and what the servers share. */
export type SqsServerOptions = SqsOptions & JsonServerOptions;

/** A message that a queue has taken. */
export interface SqsMessage {
  readonly messageId: string;
  readonly body: string;
  readonly groupId: string | undefined;
  readonly deduplicationId: string | undefined;
  /** Values of the attributes that are texts. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** A running local SQS. */
export interface SqsServer {
  readonly url: string;
  readonly port: number;
  /** Makes a queue, FIFO where the name ends in `.fifo`, and gives its URL. Throws `KC_LOCAL_BAD_OPTION` for what is no name of a queue. */
  readonly createQueue: (name: string, options?: { readonly contentBasedDeduplication?: boolean }) => string;
  /** What a queue delivers, in order: without what its deduplication left out. */
  readonly messages: (name: string) => readonly SqsMessage[];
  readonly close: () => Promise<void>;
}

interface Queue {
  readonly isFifo: boolean;
  readonly contentBased: boolean;
  readonly messages: SqsMessage[];
  /** Deduplication ids of the last five minutes: when they came, and the message. */
  readonly known: Map<string, { readonly atMs: number; readonly receipt: Receipt }>;
  /** How many messages a FIFO queue has numbered. */
  numbered: number;
}

/** What a sender is told of a message that was taken. */
interface Receipt {
  readonly MessageId: string;
  /** Only of FIFO queues. */
  readonly SequenceNumber?: string;
}

const FIRST_NUMBER = 18_870_000_000_000_000_000n;

function checkName(name: string): void {
  if (!QUEUE_NAME.test(name))
    throw new LocalAwsError(
      "KC_LOCAL_BAD_OPTION",
      `[local] "${name}" is no name of a queue: use up to 80 letters, digits, hyphens and underscores, ".fifo" at the end of a FIFO queue's among them`,
    );
}

/** Starts SQS's sending on loopback: bodies, attributes, groups and deduplication. Receiving is `messages`. */
export async function startSqsServer(options: SqsServerOptions): Promise<SqsServer> {
  const { random, clock, accountId, region } = options;
  const queues = new Map<string, Queue>();
  // Before anything listens.
  for (const name of options.queues ?? []) checkName(name);

  const find = (input: Body): Queue => {
    const queueUrl = input["QueueUrl"];
    const name = typeof queueUrl === "string" ? queueUrl.slice(queueUrl.lastIndexOf("/") + 1) : "";
    const queue = queues.get(name);
    if (queue === undefined)
      throw new JsonCallError("com.amazonaws.sqs#QueueDoesNotExist", "The specified queue does not exist.");
    return queue;
  };
  /** The message that the queue has for an entry: a new one, or the one that the same deduplication id brought before. */
  const take = (queue: Queue, entry: SqsEntry): Receipt => {
    const { body, groupId, attributes } = entry;
    const deduplicationId =
      entry.deduplicationId ??
      (queue.contentBased ? createHash("sha256").update(body).digest("hex") : undefined);
    const now = clock.now();
    if (queue.isFifo && deduplicationId !== undefined) {
      const before = queue.known.get(deduplicationId);
      if (before !== undefined && now - before.atMs < DEDUPLICATION_MS) return before.receipt;
    }
    const messageId = random.uuid();
    queue.messages.push({ messageId, body, groupId, deduplicationId, attributes });
    if (!queue.isFifo) return { MessageId: messageId };
    queue.numbered += 1;
    // API reference, SendMessage: "a large, non-consecutive number", which has 20 digits.
    const receipt = {
      MessageId: messageId,
      SequenceNumber: `${FIRST_NUMBER + BigInt(queue.numbered) * 256n}`,
    };
    if (deduplicationId !== undefined) queue.known.set(deduplicationId, { atMs: now, receipt });
    return receipt;
  };
  const sendMessageBatch = (input: Body, faults: readonly FiredFault[]): Body => {
    const queue = find(input);
    const codeOf = failedEntry(faults, random, "InternalError");
    const successful: Body[] = [];
    const failed: Body[] = [];
    for (const [index, { id, entry, problem }] of entriesOf(input, queue.isFifo).entries()) {
      const needsId =
        queue.isFifo && entry?.deduplicationId === undefined && !queue.contentBased
          ? "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly"
          : undefined;
      const code = codeOf(index);
      const said = problem ?? needsId;
      if (said !== undefined || entry === undefined)
        failed.push({ Id: id, Code: "InvalidParameterValue", Message: said ?? "", SenderFault: true });
      else if (code !== undefined)
        failed.push({ Id: id, Code: code, Message: "Try again.", SenderFault: false });
      else
        successful.push({
          Id: id,
          ...take(queue, entry),
          MD5OfMessageBody: md5(entry.body),
          ...(Object.keys(entry.attributes).length === 0
            ? {}
            : { MD5OfMessageAttributes: attributesMd5(entry.attributes) }),
        });
    }
    return {
      ...(successful.length === 0 ? {} : { Successful: successful }),
      ...(failed.length === 0 ? {} : { Failed: failed }),
    };
  };
  const parametersOf = (input: Body) => ({
    ...(typeof input["QueueUrl"] === "string"
      ? { queue: input["QueueUrl"].slice(input["QueueUrl"].lastIndexOf("/") + 1) }
      : {}),
    ...(Array.isArray(input["Entries"]) ? { entries: input["Entries"].length } : {}),
  });
  const server = await startJsonServer(options, {
    server: "sqs",
    target: "AmazonSQS",
    version: "1.0",
    // JSON writes a forbidden character in six.
    maxRequestBytes: 8 * MAX_BYTES,
    page: (name, after) => {
      const queue = queues.get(name);
      return queue && heldPage(queue.messages, after, (shown) => ({ shown, bytes: shown.body.length }));
    },
    operations: {
      SendMessageBatch: { changes: true, parametersOf, run: sendMessageBatch },
      GetQueueAttributes: {
        changes: false,
        parametersOf,
        run: (input) => {
          const { isFifo, contentBased } = find(input);
          return {
            Attributes: {
              QueueArn: `arn:aws:sqs:${region}:${accountId}:${String(parametersOf(input).queue)}`,
              ...(isFifo ? { FifoQueue: "true", ContentBasedDeduplication: String(contentBased) } : {}),
            },
          };
        },
      },
    },
  });
  const createQueue: SqsServer["createQueue"] = (name, { contentBasedDeduplication = false } = {}) => {
    checkName(name);
    queues.set(name, {
      isFifo: name.endsWith(".fifo"),
      contentBased: contentBasedDeduplication,
      messages: [],
      known: new Map(),
      numbered: 0,
    });
    return `${server.url}/${accountId}/${name}`;
  };
  for (const name of options.queues ?? []) createQueue(name);
  return {
    url: server.url,
    port: server.port,
    createQueue,
    messages: (name) => [...(queues.get(name)?.messages ?? [])],
    close: server.close,
  };
}
