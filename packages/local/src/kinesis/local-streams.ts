import { LocalAwsError } from "../errors.js";
import type { KinesisServer } from "./server.js";
import type { Input, WireObject } from "./protocol/values.js";

/** API reference, CreateStream. */
const STREAM_NAME = /^[a-zA-Z0-9_.-]{1,128}$/;

/** A record as a test looks at it, without a request. */
export interface LocalRecord {
  readonly shardId: string;
  readonly sequenceNumber: string;
  readonly partitionKey: string;
  readonly data: Buffer;
  /** Milliseconds since 1970. */
  readonly arrivalMs: number;
}

/** The streams, in-process: no HTTP, no rates, no faults, no journal. */
export interface LocalStreams {
  /** Makes a stream that is ACTIVE at once. Throws ResourceInUseException when there is one of this name, `KC_LOCAL_BAD_OPTION` for what is no name of one. */
  readonly createStream: (options: {
    readonly name: string;
    /** Default 1. */
    readonly shardCount?: number;
  }) => void;
  /** Puts records and gives where they landed. */
  readonly putRecords: (
    stream: string,
    records: readonly { readonly partitionKey: string; readonly data: Uint8Array | string }[],
  ) => readonly LocalRecord[];
  /** Every record in retention, shard by shard, in order. */
  readonly records: (stream: string) => IterableIterator<LocalRecord>;
  /** Runs any operation with the service's own input and output, for example `SplitShard`. */
  readonly call: (operation: string, input: Input) => WireObject;
}

/** Opens the streams of a running server to the same process. */
export function localStreams(server: KinesisServer): LocalStreams {
  const { account } = server;
  const find = (name: string) => account.liveStream({ StreamName: name });
  return {
    createStream: ({ name, shardCount = 1 }) => {
      if (!STREAM_NAME.test(name))
        throw new LocalAwsError(
          "KC_LOCAL_BAD_OPTION",
          `[local] "${name}" is no name of a stream: use up to 128 letters, digits, underscores, dots and hyphens`,
        );
      account.createStream(name, shardCount, "PROVISIONED", 1024).status = "ACTIVE";
    },
    putRecords: (name, records) => {
      const stream = find(name);
      const now = account.clock.now();
      return records.map(({ partitionKey, data: given }) => {
        const data = Buffer.from(given);
        const shard = stream.route(partitionKey, undefined);
        const bytes = data.length + Buffer.byteLength(partitionKey);
        const { sequenceNumber, arrivalMs } = shard.append(partitionKey, data, bytes, now);
        return { shardId: shard.id, sequenceNumber, partitionKey, data, arrivalMs };
      });
    },
    records: function* (name) {
      const stream = find(name);
      const now = account.clock.now();
      stream.trim(now);
      for (const shard of stream.shards(now)) {
        for (let position = shard.firstPosition; position < shard.endPosition; position += 1) {
          const record = shard.at(position);
          if (record)
            yield {
              shardId: shard.id,
              sequenceNumber: record.sequenceNumber,
              partitionKey: record.partitionKey,
              data: record.data(),
              arrivalMs: record.arrivalMs,
            };
        }
      }
    },
    call: server.call,
  };
}
