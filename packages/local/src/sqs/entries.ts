import { JsonCallError } from "../json-call/json-call-error.js";
import type { Body } from "../json-call/json-call-server.js";
import { textOf } from "../json-call/text-of.js";
import { FORBIDDEN, IDENTIFIER, MAX_ATTRIBUTES, MAX_BYTES, MAX_ENTRIES } from "./limits.js";

/** A message of a request, read. */
export interface SqsEntry {
  readonly body: string;
  readonly groupId: string | undefined;
  readonly deduplicationId: string | undefined;
  readonly attributes: Readonly<Record<string, string>>;
}

/** A message of a request: either it can be taken, or it has a problem of its own. */
interface ReadEntry {
  readonly id: string;
  readonly entry?: SqsEntry;
  readonly problem?: string;
}

/** Reads the entries of a SendMessageBatch; what is wrong with the request as a whole is thrown. */
export function entriesOf(input: Body, isFifo: boolean): readonly ReadEntry[] {
  const { Entries: entries } = input;
  if (!Array.isArray(entries) || entries.length === 0)
    throw new JsonCallError(
      "com.amazonaws.sqs#EmptyBatchRequest",
      "There should be at least one SendMessageBatchRequestEntry in the request.",
    );
  if (entries.length > MAX_ENTRIES)
    throw new JsonCallError(
      "com.amazonaws.sqs#TooManyEntriesInBatchRequest",
      `Maximum number of entries per request are ${MAX_ENTRIES}. You have sent ${entries.length}.`,
    );
  const given = entries as readonly Body[];
  const ids = given.map(({ Id: id }) => textOf(id));
  if (new Set(ids).size !== ids.length)
    throw new JsonCallError("com.amazonaws.sqs#BatchEntryIdsNotDistinct", "Id is repeated.");
  if (ids.some((id) => !/^[A-Za-z0-9_-]{1,80}$/.test(id)))
    throw new JsonCallError("com.amazonaws.sqs#InvalidBatchEntryId", "A batch entry id is not valid.");
  const bytes = given.reduce((sum, entry) => sum + bytesOf(entry), 0);
  if (bytes > MAX_BYTES)
    throw new JsonCallError(
      "com.amazonaws.sqs#BatchRequestTooLong",
      `Batch requests cannot be longer than ${MAX_BYTES} bytes. You have sent ${bytes} bytes.`,
    );
  return given.map((entry, index) => {
    const id = ids[index] ?? "";
    const problem = problemOf(entry, isFifo);
    return problem === undefined ? { id, entry: readEntry(entry) } : { id, problem };
  });
}

function problemOf(entry: Body, isFifo: boolean): string | undefined {
  const { MessageBody: body, MessageGroupId: group, MessageDeduplicationId: deduplication } = entry;
  if (typeof body !== "string" || body === "") return "The request must contain the parameter MessageBody.";
  if (FORBIDDEN.test(body)) return "Invalid characters found.";
  if (isFifo && group === undefined) return "The request must contain the parameter MessageGroupId.";
  if (group !== undefined && !IDENTIFIER.test(textOf(group))) return "MessageGroupId is not valid.";
  if (!isFifo && deduplication !== undefined)
    return "The request includes a parameter that is not valid for this queue type";
  if (deduplication !== undefined && !IDENTIFIER.test(textOf(deduplication)))
    return "MessageDeduplicationId is not valid.";
  const attributes = attributesOf(entry);
  if (attributes.length > MAX_ATTRIBUTES)
    return `Number of message attributes [${attributes.length}] exceeds the allowed maximum [${MAX_ATTRIBUTES}].`;
  for (const [name, value] of attributes) {
    if (!/^[A-Za-z0-9_.-]{1,256}$/.test(name) || /^(?:aws|amazon)\./i.test(name) || /^\.|\.\.|\.$/.test(name))
      return "A message attribute name is not valid.";
    if (value === "" || FORBIDDEN.test(value)) return "A message attribute value is not valid.";
  }
  return undefined;
}

function readEntry(entry: Body): SqsEntry {
  const { MessageBody: body, MessageGroupId: group, MessageDeduplicationId: deduplication } = entry;
  return {
    body: textOf(body),
    groupId: group === undefined ? undefined : textOf(group),
    deduplicationId: deduplication === undefined ? undefined : textOf(deduplication),
    attributes: Object.fromEntries(attributesOf(entry)),
  };
}

function attributesOf({ MessageAttributes: attributes }: Body): readonly (readonly [string, string])[] {
  if (typeof attributes !== "object" || attributes === null) return [];
  return Object.entries(attributes as Readonly<Record<string, Body>>).map(
    ([name, { StringValue: value }]) => [name, textOf(value)] as const,
  );
}

/** As the service counts: the body, and name, type and value of each attribute. */
function bytesOf(entry: Body): number {
  const ofAttributes = attributesOf(entry).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + "String".length + Buffer.byteLength(value),
    0,
  );
  return Buffer.byteLength(textOf(entry["MessageBody"])) + ofAttributes;
}
