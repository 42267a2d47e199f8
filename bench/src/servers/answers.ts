import { cborOf, jsonOf, type Plain } from "../data/cbor.js";
import { dataPage, distinctPages, SET_NAMES, type SetName, shapeOf } from "../data/data-sets.js";
import { seeded } from "../data/documents.js";
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

/** What a stream is for: to be measured, with all shards and pages of its set, or to be checked, with the first page of the first shard again and again. */
export type Purpose = "measured" | "checked";

/** The stream of a set; its iterators and consumers carry the same text, so that any request tells which one it means. */
export function streamName(set: SetName, purpose: Purpose): string {
  return `bench.${set}.${purpose}`;
}

/** An iterator of one shard of a stream. */
export function iteratorOf(stream: string, shard: number): string {
  return `${stream}:${shardIdOf(shard)}`;
}

interface NamedStream {
  readonly stream: string;
  readonly set: SetName;
  readonly isChecked: boolean;
  readonly shard: number;
}

/** The stream that a request means, by its name; for requests that name none, any. */
function namedIn(body: Buffer): NamedStream {
  const start = body.toString("latin1", 0, 4096);
  const [stream = "", name = "", purpose = ""] = /bench\.([\w-]+)\.(measured|checked)/.exec(start) ?? [];
  const shard = Number(/shardId-(\d{12})/.exec(start)?.[1] ?? 0);
  const set = SET_NAMES.find((known) => known === name);
  return set === undefined
    ? { stream: streamName("uniform", "measured"), set: "uniform", isChecked: false, shard }
    : { stream, set, isChecked: purpose === "checked", shard };
}

/** The pages of one shard, in one encoding, and how many have been given. */
interface ShardPages {
  readonly pages: readonly CannedPage[];
  given: number;
}

/** Each page is encoded when its shard is first asked for, which is before any clock starts; later nothing changes but the digits of the page. */
export function cannedAnswers(): {
  readonly answer: (request: Request) => Answer;
  readonly event: (body: Buffer) => () => Buffer;
} {
  const shards = new Map<string, ShardPages>();
  const results = new Map<string, Buffer>();
  let puts = 0;

  const pagesOf = ({ stream, set, isChecked, shard }: NamedStream, isCbor: boolean): ShardPages => {
    const iterator = iteratorOf(stream, shard);
    const key = `${iterator}:${isCbor}`;
    let known = shards.get(key);
    if (known === undefined) {
      const encode = isCbor ? getRecordsCbor : getRecordsJson;
      const behindMs = shapeOf(set).perPage === 0 ? 0 : 60_000;
      const count = isChecked ? 1 : distinctPages(set);
      const pages = Array.from(
        { length: count },
        (_, page) => new CannedPage(encode(dataPage(set, shard, page).stored, iterator, behindMs)),
      );
      known = { pages, given: 0 };
      shards.set(key, known);
    }
    return known;
  };
  const records = ({ body, isCbor }: Request): Buffer => {
    const shard = pagesOf(namedIn(body), isCbor);
    shard.given += 1;
    return shard.pages[shard.given % shard.pages.length]?.numbered(shard.given) ?? Buffer.alloc(0);
  };
  const putResults = ({ body, isCbor }: Request): Buffer => {
    const count = countOf(body, "PartitionKey");
    const nth = (puts += 1) % PUT_ANSWERS;
    const key = `${count}:${isCbor}:${nth}`;
    let result = results.get(key);
    if (result === undefined) {
      const Records = putResultsOf(count, nth);
      result = (isCbor ? cborOf : jsonOf)({ FailedRecordCount: 0, Records });
      results.set(key, result);
    }
    return result;
  };
  const answer = (request: Request): Answer => {
    const { operation, isCbor } = request;
    const contentType = isCbor ? CBOR_TYPE : JSON_TYPE;
    if (operation === "GetRecords") return { contentType, body: records(request) };
    if (operation === "PutRecords") return { contentType, body: putResults(request) };
    return { contentType, body: (isCbor ? cborOf : jsonOf)(controlAnswer(operation, namedIn(request.body))) };
  };
  // Fresh bytes per subscription: two of them must not write into each other's.
  const event = (body: Buffer): (() => Buffer) => {
    const { set, shard } = namedIn(body);
    const page = new CannedPage(subscriptionEvent(dataPage(set, shard, 0).stored, 60_000), true);
    let given = 0;
    return () => page.numbered((given += 1));
  };
  return { answer, event };
}

/** So many answers to a PutRecords of one length take turns. */
const PUT_ANSWERS = 16;
const PUT_SHARDS = 4;

/** Each record on a shard drawn by lot, as the MD5 of its key would have it, with a sequence number of its own. */
function putResultsOf(count: number, nth: number): Plain {
  const random = seeded(nth);
  const end = (place: number): string => String(nth * 1_000 + place).padStart(55, "0");
  return Array.from({ length: count }, (_, place) => ({
    SequenceNumber: `4${end(place)}`,
    ShardId: shardIdOf(Math.floor(random() * PUT_SHARDS)),
  }));
}

function shardIdOf(shard: number): string {
  return `shardId-${String(shard).padStart(12, "0")}`;
}

const MAX_HASH_KEY = 2n ** 128n - 1n;

function shardList(count: number): Plain {
  const share = (MAX_HASH_KEY + 1n) / BigInt(count);
  return Array.from({ length: count }, (_, index) => ({
    ShardId: shardIdOf(index),
    HashKeyRange: {
      StartingHashKey: String(share * BigInt(index)),
      EndingHashKey: String(index === count - 1 ? MAX_HASH_KEY : share * BigInt(index + 1) - 1n),
    },
    SequenceNumberRange: { StartingSequenceNumber: "1" },
  }));
}

function controlAnswer(operation: string, { stream, set, isChecked, shard }: NamedStream): Plain {
  const shards = isChecked ? 1 : shapeOf(set).shards;
  const consumer = {
    ConsumerARN: `${ACCOUNT}/${stream}/consumer/bench:1`,
    ConsumerName: "bench",
    ConsumerStatus: "ACTIVE",
    ConsumerCreationTimestamp: new Date(1_700_000_000_000),
  };
  switch (operation) {
    case "DescribeStreamSummary":
      return {
        StreamDescriptionSummary: {
          StreamName: stream,
          StreamARN: `${ACCOUNT}/${stream}`,
          StreamStatus: "ACTIVE",
          RetentionPeriodHours: 8760,
          StreamCreationTimestamp: new Date(1_600_000_000_000),
          EnhancedMonitoring: [],
          OpenShardCount: shards,
        },
      };
    case "ListShards":
      return { Shards: shardList(shards) };
    case "GetShardIterator":
      return { ShardIterator: iteratorOf(stream, shard) };
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

function countOf(body: Buffer, word: string): number {
  let count = 0;
  for (let at = body.indexOf(word); at >= 0; at = body.indexOf(word, at + word.length)) count += 1;
  return count;
}
