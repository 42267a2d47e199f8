import { createHash } from "node:crypto";
import { isUtf8 } from "node:buffer";
import type { SendMessageBatchRequestEntry } from "@aws-sdk/client-sqs";
import type { Packed } from "@kinesis-connectors/aws";
import { type Batch, type BufferEntry, hasLoneSurrogate, poisonRecord } from "@kinesis-connectors/core";
import { ATTRIBUTE_NAME, FORBIDDEN, IDENTIFIER, MAX_ATTRIBUTES } from "./limits.js";
import type { SqsSettings } from "./settings.js";

/** One message on its way. */
export interface OutgoingMessage<Output> extends Packed {
  readonly entry: BufferEntry<Output>;
  /** All but its id, which is its place in a request. */
  readonly message: Omit<SendMessageBatchRequestEntry, "Id">;
  readonly groupId: string;
}

/** Encodes entries; one that SQS would never take is thrown as `KC_RECORD_POISON`. */
export type EncodeMessage<Output> = (
  entry: BufferEntry<Output>,
  batch: Pick<Batch<Output>, "application" | "stream" | "shardId">,
) => OutgoingMessage<Output>;

/** The encoding of one emitter. It remembers which output of its record an entry is, so that one tried again alone keeps its deduplication id. */
export function messageEncoder<Output>(settings: SqsSettings<Output>): {
  readonly begin: (entries: readonly BufferEntry<Output>[]) => void;
  readonly encode: EncodeMessage<Output>;
} {
  const ordinals = new WeakMap<BufferEntry<Output>, number>();
  return {
    begin: (entries) => {
      let previous: BufferEntry<Output> | undefined;
      for (const entry of entries) {
        if (!ordinals.has(entry)) {
          const follows =
            previous?.record.sequenceNumber === entry.record.sequenceNumber &&
            previous.record.subSequenceNumber === entry.record.subSequenceNumber;
          ordinals.set(entry, follows && previous !== undefined ? (ordinals.get(previous) ?? 0) + 1 : 0);
        }
        previous = entry;
      }
    },
    encode: (entry, batch) => {
      const { output, record } = entry;
      const { deduplication, maxMessageBytes } = settings;
      const { body, isBase64 } = bodyOf(entry, settings);
      const attributes = attributesOf(entry, settings, isBase64);
      const groupId = settings.groupId === undefined ? undefined : groupOf(settings.groupId(output, record));
      const bytes =
        Buffer.byteLength(body) +
        attributes.reduce(
          (sum, [name, value]) => sum + name.length + "String".length + Buffer.byteLength(value),
          0,
        );
      if (bytes > maxMessageBytes)
        throw poisonRecord(
          `the message has ${bytes} bytes with its attributes, but the queue takes ${maxMessageBytes} (maxMessageBytes)`,
        );
      return {
        entry,
        groupId: groupId ?? "",
        bytes,
        count: 1,
        message: {
          MessageBody: body,
          ...(attributes.length === 0
            ? {}
            : {
                MessageAttributes: Object.fromEntries(
                  attributes.map(
                    ([name, value]) => [name, { DataType: "String", StringValue: value }] as const,
                  ),
                ),
              }),
          ...(groupId === undefined ? {} : { MessageGroupId: groupId }),
          ...(deduplication === "position"
            ? { MessageDeduplicationId: positionHash(entry, batch, ordinals.get(entry) ?? 0) }
            : {}),
        },
      };
    },
  };
}

/** The same for the same output of the same record, whoever sends it and how often. */
function positionHash<Output>(
  { record }: BufferEntry<Output>,
  { application, stream, shardId }: Pick<Batch<Output>, "application" | "stream" | "shardId">,
  ordinal: number,
): string {
  const { sequenceNumber, subSequenceNumber } = record;
  const position = JSON.stringify([application, stream, shardId, sequenceNumber, subSequenceNumber, ordinal]);
  return sha256(position);
}

/** A group as it is where SQS takes it: partition keys may have 256 characters of any kind. */
function groupOf(given: string): string {
  if (typeof given !== "string" || given === "") throw poisonRecord("groupId gave no text, or an empty one");
  return IDENTIFIER.test(given) ? given : sha256(given);
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function bodyOf<Output>(
  { output, record }: BufferEntry<Output>,
  { encode, unsendable }: SqsSettings<Output>,
): { readonly body: string; readonly isBase64: boolean } {
  const given = encode(output, record);
  if (typeof given !== "string" && !(given instanceof Uint8Array))
    throw poisonRecord(`encode gave neither bytes nor a text, but ${given === null ? "null" : typeof given}`);
  if (given.length === 0) throw poisonRecord("encode gave nothing, and SQS takes no message without a body");
  if (typeof given === "string" && hasLoneSurrogate(given))
    throw poisonRecord("encode gave a text with half a surrogate pair, which UTF-8 cannot write");
  const text = typeof given === "string" ? given : isUtf8(given) ? Buffer.from(given).toString() : undefined;
  if (text !== undefined && !FORBIDDEN.test(text)) return { body: text, isBase64: false };
  if (unsendable === "base64") return { body: Buffer.from(given).toString("base64"), isBase64: true };
  throw poisonRecord(
    text === undefined
      ? 'the body is no UTF-8, and SQS takes text only: encode it, or set unsendable to "base64"'
      : 'the body has a character that SQS does not take, such as a control character: encode it, or set unsendable to "base64"',
  );
}

/** Says of a body how it was written. */
const ENCODING = ["encoding", "base64"] as const;

function attributesOf<Output>(
  { output, record }: BufferEntry<Output>,
  { attributes }: SqsSettings<Output>,
  isBase64: boolean,
): readonly (readonly [string, string])[] {
  const given: unknown = attributes?.(output, record) ?? {};
  if (typeof given !== "object" || given === null || Array.isArray(given))
    throw poisonRecord("attributes gave no object of texts");
  const own = Object.entries(given as Readonly<Record<string, unknown>>).map(([name, value]) => {
    if (!ATTRIBUTE_NAME.test(name)) throw poisonRecord("attributes gave a name that SQS does not take");
    if (typeof value !== "string" || value === "" || FORBIDDEN.test(value))
      throw poisonRecord(
        "attributes gave a value that SQS does not take: a text of XML's characters, not empty",
      );
    return [name, value] as const;
  });
  if (isBase64 && own.some(([name]) => name === ENCODING[0]))
    throw poisonRecord("attributes gave `encoding`, which says here that a body is base64");
  const all = isBase64 ? [...own, ENCODING] : own;
  if (all.length > MAX_ATTRIBUTES)
    throw poisonRecord(`the message has ${all.length} attributes, but SQS takes ${MAX_ATTRIBUTES}`);
  return all;
}
