import { type DataSet, dataSet, SET_NAMES, type SetName } from "../data/data-sets.js";
import { CannedPage, getRecordsCbor, getRecordsJson, subscriptionEvent } from "../data/pages.js";

const JSON_TYPE = "application/x-amz-json-1.1";
const CBOR_TYPE = "application/x-amz-cbor-1.1";
const ACCOUNT = "arn:aws:kinesis:eu-central-1:000000000000:stream";

/** What the canned server answers. */
export interface Answer {
  readonly contentType: string;
  readonly body: Buffer;
}

/** A request, as far as the canned server looks at it. */
export interface Request {
  /** The operation without its service: `GetRecords`. */
  readonly operation: string;
  readonly isCbor: boolean;
  readonly body: Buffer;
}

/** The stream of a set; its iterators and consumers carry the same text, so that any request tells which set it means. */
export function streamName(set: SetName): string {
  return `bench-${set}`;
}

/** The stream of a set that has so many shards, each of which gives the whole set again and again. */
export function manyShards(set: SetName, shards: number): string {
  return `${streamName(set)}-by-${shards}`;
}

/** The set that a request means, by the name of its stream; for requests that name none of them, any. */
export function setNamedIn(body: Buffer): SetName {
  const start = body.toString("latin1", 0, 4096);
  return SET_NAMES.find((name) => start.includes(streamName(name))) ?? "200b";
}

/** Everything is encoded when this is called, and nothing later but the digits of the page. */
export function cannedAnswers(): {
  readonly answer: (request: Request) => Answer;
  readonly event: (set: SetName) => CannedPage;
} {
  const sets = new Map(SET_NAMES.map((name) => [name, dataSet(name)]));
  const pages = new Map<string, CannedPage>();
  const results = new Map<string, Buffer>();

  const setOf = (body: Buffer): DataSet => {
    const set = setNamedIn(body);
    return sets.get(set) ?? dataSet(set);
  };
  const page = (key: string, encode: () => Buffer): CannedPage => {
    let known = pages.get(key);
    if (known === undefined) {
      known = new CannedPage(encode());
      pages.set(key, known);
    }
    return known;
  };
  const records = ({ body, isCbor }: Request): Answer => {
    const set = setOf(body);
    const behind = set.name === "idle" ? 0 : 60_000;
    const encode = isCbor ? getRecordsCbor : getRecordsJson;
    // A page of its own for each shard: two of them are on their way at once, and the next one is written into the last one's bytes.
    const iterator = iteratorNamedIn(body) ?? streamName(set.name);
    const canned = page(`${iterator}:${isCbor}`, () => encode(set.stored, iterator, behind));
    return { contentType: isCbor ? CBOR_TYPE : JSON_TYPE, body: canned.advance() };
  };
  const putResults = ({ body, isCbor }: Request): Answer => {
    const count = countOf(body, "PartitionKey");
    const key = `${count}:${isCbor}`;
    let result = results.get(key);
    if (result === undefined) {
      result = isCbor ? putResultsCbor(count) : putResultsJson(count);
      results.set(key, result);
    }
    return { contentType: isCbor ? CBOR_TYPE : JSON_TYPE, body: result };
  };
  const answer = (request: Request): Answer => {
    if (request.operation === "GetRecords") return records(request);
    if (request.operation === "PutRecords") return putResults(request);
    const control = controlAnswer(request, setOf(request.body).name);
    return { contentType: JSON_TYPE, body: Buffer.from(JSON.stringify(control)) };
  };
  // A fresh page per subscription: two of them must not write into each other's.
  const event = (set: SetName): CannedPage =>
    new CannedPage(subscriptionEvent(sets.get(set)?.stored ?? [], 60_000), true);
  for (const set of sets.values())
    for (const isCbor of [true, false])
      records({ operation: "GetRecords", isCbor, body: Buffer.from(streamName(set.name)) });
  return { answer, event };
}

const MAX_HASH_KEY = 2n ** 128n - 1n;

/** The iterator of one shard of many, where the request carries one. */
function iteratorNamedIn(body: Buffer): string | undefined {
  return /bench-\w+-by-\d+:shardId-\d{12}/.exec(body.toString("latin1", 0, 4096))?.[0];
}

function shardsOf(count: number): object[] {
  const share = (MAX_HASH_KEY + 1n) / BigInt(count);
  return Array.from({ length: count }, (_, index) => ({
    ShardId: `shardId-${String(index).padStart(12, "0")}`,
    HashKeyRange: {
      StartingHashKey: String(share * BigInt(index)),
      EndingHashKey: String(index === count - 1 ? MAX_HASH_KEY : share * BigInt(index + 1) - 1n),
    },
    SequenceNumberRange: { StartingSequenceNumber: "1" },
  }));
}

function controlAnswer({ operation, body }: Request, set: SetName): object {
  const start = body.toString("latin1", 0, 4096);
  const shards = Number(/bench-\w+-by-(\d+)/.exec(start)?.[1] ?? 1);
  const stream = shards === 1 ? streamName(set) : manyShards(set, shards);
  const consumer = {
    ConsumerARN: `${ACCOUNT}/${stream}/consumer/bench:1`,
    ConsumerName: "bench",
    ConsumerStatus: "ACTIVE",
    ConsumerCreationTimestamp: 1_700_000_000,
  };
  switch (operation) {
    case "DescribeStreamSummary":
      return {
        StreamDescriptionSummary: {
          StreamName: stream,
          StreamARN: `${ACCOUNT}/${stream}`,
          StreamStatus: "ACTIVE",
          RetentionPeriodHours: 8760,
          StreamCreationTimestamp: 1_600_000_000,
          EnhancedMonitoring: [],
          OpenShardCount: shards,
        },
      };
    case "ListShards":
      return { Shards: shardsOf(shards) };
    case "GetShardIterator":
      return {
        ShardIterator: shards === 1 ? stream : `${stream}:${/shardId-\d{12}/.exec(start)?.[0] ?? ""}`,
      };
    case "DescribeStreamConsumer":
      return { ConsumerDescription: { ...consumer, StreamARN: `${ACCOUNT}/${stream}` } };
    case "RegisterStreamConsumer":
      return { Consumer: consumer };
    case "DescribeTable":
      return {
        Table: {
          TableName: "bench",
          TableStatus: "ACTIVE",
          KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
          AttributeDefinitions: [{ AttributeName: "id", AttributeType: "N" }],
        },
      };
    case "BatchWriteItem":
      return { UnprocessedItems: {} };
    default:
      return {};
  }
}

function putResultsJson(count: number): Buffer {
  const result = { SequenceNumber: "4".repeat(56), ShardId: "shardId-000000000000" };
  return Buffer.from(
    JSON.stringify({ FailedRecordCount: 0, Records: Array.from({ length: count }, () => result) }),
  );
}

function putResultsCbor(count: number): Buffer {
  const text = (value: string): Buffer =>
    Buffer.concat([Buffer.from([0x78, value.length]), Buffer.from(value, "latin1")]);
  const record = Buffer.concat([
    Buffer.from([0xa2]),
    text("SequenceNumber"),
    text("4".repeat(56)),
    text("ShardId"),
    text("shardId-000000000000"),
  ]);
  const opening = Buffer.concat([
    Buffer.from([0xa2]),
    text("FailedRecordCount"),
    Buffer.from([0x00]),
    text("Records"),
  ]);
  return Buffer.concat([
    opening,
    Buffer.from([0x9f]),
    ...Array.from({ length: count }, () => record),
    Buffer.from([0xff]),
  ]);
}

function countOf(body: Buffer, word: string): number {
  let count = 0;
  for (let at = body.indexOf(word); at >= 0; at = body.indexOf(word, at + word.length)) count += 1;
  return count;
}
