import type { KinesisRecord, Random, RecordPage, ShardReader, StartPosition } from "@kinesis-connectors/core";
import { type LocalAws, type LocalAwsOptions, startLocalAws } from "@kinesis-connectors/local";
import { fullHashKeyRange } from "@kinesis-connectors/wire";

import { createKinesisClient, createSubscriptionClient } from "../../src/kinesis/clients/kinesis-clients.js";
import type { KinesisApi } from "../../src/kinesis/kinesis-api.js";
import { polling, type PollingOptions, pollingSource } from "../../src/reading/polling-reader.js";
import type { ReadEvent } from "../../src/reading/read-events.js";
import type { ReaderContext } from "../../src/reading/reader-context.js";
import { kinesisLater } from "../../src/kinesis/sdk-kinesis.js";
import { silentLogger } from "@kinesis-connectors/core";
import { VirtualTime } from "./virtual-time.js";

export const STREAM = "clicks";
export const SHARD = "shardId-000000000000";

/** Always the middle: delays are known, and nothing depends on luck. */
export const evenRandom: Random = { next: () => 0.5, uuid: () => "00000000-0000-4000-8000-000000000000" };

/** A local Kinesis with one stream, its client, and a clock that both share. */
export interface ReadingFixture extends AsyncDisposable {
  readonly local: LocalAws;
  readonly time: VirtualTime;
  readonly api: KinesisApi;
  readonly events: ReadEvent[];
  readonly put: (...data: readonly (string | Uint8Array)[]) => readonly string[];
  readonly context: (changes?: Partial<ReaderContext>) => ReaderContext;
  readonly open: (
    start: StartPosition,
    options?: PollingOptions,
    changes?: Partial<ReaderContext>,
  ) => ShardReader;
  /** The next page, firing timers as they are waited for. */
  readonly next: (reader: ShardReader) => Promise<RecordPage>;
  /** Whether a call is under way: time stands still then, however slow the machine is. */
  readonly isBusy: () => boolean;
  /** How often an operation reached the service. */
  readonly calls: (operation: string) => number;
}

export async function startReading(
  options: { readonly shards?: number; readonly local?: LocalAwsOptions } = {},
): Promise<ReadingFixture> {
  const time = new VirtualTime();
  const local = await startLocalAws({
    s3: false,
    dynamodb: false,
    clock: time,
    limits: "off",
    ...options.local,
  });
  local.kinesis.createStream({ name: STREAM, shardCount: options.shards ?? 1 });
  const { endpoint, region, credentials } = local.clientOptions("kinesis");
  const reach = { endpoint, region, credentials };
  const { api, isBusy } = watched(
    kinesisLater(
      createKinesisClient(reach, silentLogger),
      { StreamName: STREAM },
      { ownsClient: true, subscriptionClient: () => createSubscriptionClient(reach, silentLogger) },
    ),
  );
  const events: ReadEvent[] = [];
  const context = (changes: Partial<ReaderContext> = {}): ReaderContext => ({
    api,
    stream: STREAM,
    shardId: SHARD,
    range: fullHashKeyRange,
    clock: time,
    random: evenRandom,
    observe: (event) => events.push(event),
    ...changes,
  });
  return {
    local,
    time,
    api,
    events,
    put: (...data) =>
      local.kinesis
        .putRecords(
          STREAM,
          data.map((item) => ({ partitionKey: "k", data: item })),
        )
        .map((record) => record.sequenceNumber),
    context,
    open: (start, pollingOptions, changes) =>
      pollingSource(context(changes), polling(pollingOptions)).open(start),
    isBusy,
    next: (reader) => time.drive(reader.next(new AbortController().signal), 0, isBusy),
    calls: (operation) => local.journal.entries({ operation }).length,
    [Symbol.asyncDispose]: async () => {
      api.close();
      await local.close();
    },
  };
}

/** Knows when a call of the port is under way. */
function watched(api: KinesisApi): { readonly api: KinesisApi; readonly isBusy: () => boolean } {
  let underWay = 0;
  const during = async <Answer>(call: Promise<Answer>): Promise<Answer> => {
    underWay += 1;
    try {
      return await call;
    } finally {
      underWay -= 1;
    }
  };
  return {
    isBusy: () => underWay > 0,
    api: {
      describeStream: (...call) => during(api.describeStream(...call)),
      listShards: (...call) => during(api.listShards(...call)),
      getShardIterator: (...call) => during(api.getShardIterator(...call)),
      getRecords: (...call) => during(api.getRecords(...call)),
      describeConsumer: (...call) => during(api.describeConsumer(...call)),
      registerConsumer: (...call) => during(api.registerConsumer(...call)),
      subscribeToShard: (...call) => during(api.subscribeToShard(...call)),
      close: api.close,
    },
  };
}

/** The data of records, as text. */
export function texts(records: readonly KinesisRecord[]): string[] {
  return records.map((record) => Buffer.from(record.data).toString("utf8"));
}

/** Pages until one ends the shard, or until there was nothing for `idlePages` pages. */
export async function readOn(
  fixture: ReadingFixture,
  reader: ShardReader,
  idlePages = 1,
): Promise<{ readonly pages: RecordPage[]; readonly texts: string[] }> {
  const pages: RecordPage[] = [];
  for (let idle = 0; idle < idlePages;) {
    const page = await fixture.next(reader);
    pages.push(page);
    if (page.shardEnd !== undefined) break;
    if (page.records.length === 0 && (page.millisBehindLatest ?? 0) === 0) idle += 1;
  }
  return { pages, texts: pages.flatMap((page) => texts(page.records)) };
}
