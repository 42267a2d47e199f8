import type { KinesisErrorKind } from "../kinesis/kinesis-api.js";

/** Events of reading a shard, apart from the records themselves. */
export type ReadEvent = { readonly stream: string; readonly shardId: string } & (
  | {
      /** A call failed in a way that waiting may mend. Nothing is lost; reading goes on where it was. */
      readonly type: "read-retry";
      readonly operation: string;
      readonly kind: KinesisErrorKind;
      /** 1 for the first failure in a row. */
      readonly attempt: number;
      readonly delayMs: number;
      readonly error: Error;
    }
  | {
      /** The iterator had expired and reading goes on after the last record read. */
      readonly type: "iterator-renew";
      readonly sequenceNumber: string | undefined;
    }
  | {
      /**
       * A page came that is not past what was read: the answer to another request, as a proxy gives that repeats answers. Nothing of it was taken; reading
       * goes on after the last record read. A `read-retry` follows.
       */
      readonly type: "page-refuse";
      readonly operation: "GetRecords" | "SubscribeToShard";
      /** Of its first record. */
      readonly sequenceNumber: string;
      /** Where reading was; undefined where the page contradicted itself and nothing had been read yet. */
      readonly expectedAfter: string | undefined;
    }
  | {
      /** An answer contradicted itself about the end of the shard; it was not believed and is asked for again. */
      readonly type: "shard-end-doubt";
    }
  | {
      /** An aggregated record that belongs to another shard was left out, as the KCL does; its producer puts it again. */
      readonly type: "aggregate-drop";
      readonly sequenceNumber: string;
      readonly records: number;
    }
  | {
      /**
       * Less than a quarter of the stream's retention is left before records are gone that have not been delivered. Told once, and
       * again only after three tenths were left again.
       */
      readonly type: "retention-risk";
      /** How long ago the oldest record arrived that is not committed, in milliseconds; about, and never told too low by much. */
      readonly ageMs: number;
      /** Until it is gone, in milliseconds; 0 when it may be gone already. */
      readonly leftMs: number;
      readonly retentionMs: number;
    }
  | {
      /**
       * Everything that arrived in the range of time (`until`) has been read, and the shard goes on: its end is sure at `waitsUntilMs`, in epoch milliseconds,
       * five minutes past the range, because arrival times need not rise. Told once for each shard that is waited for.
       */
      readonly type: "range-wait";
      readonly waitsUntilMs: number;
    }
  | { readonly type: "subscription-start"; readonly consumerArn: string }
  | {
      /** `end`: the 5 minutes are over. `silence`: no event for a minute. `error`: the service or the network ended it. */
      readonly type: "subscription-end";
      readonly reason: "end" | "silence" | "error";
      readonly error?: Error;
    }
  | {
      /** The fan-out consumer is gone and `fallback: "polling"` was asked for. */
      readonly type: "fan-out-fallback";
      readonly error: Error;
    }
);
