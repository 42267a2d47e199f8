import type { Clock } from "./clock.js";

/** The servers of this package, as they appear in the journal and in fault rules. */
export type ServerName =
  | "kinesis"
  | "s3"
  | "dynamodb"
  | "opensearch"
  | "redshift"
  | "iceberg"
  | "firehose"
  | "sqs";

const SERVERS: readonly ServerName[] = [
  "kinesis",
  "s3",
  "dynamodb",
  "opensearch",
  "redshift",
  "iceberg",
  "firehose",
  "sqs",
];

/** Whether a word names a server. */
export function isServerName(name: unknown): name is ServerName {
  return SERVERS.some((server) => server === name);
}

/** The identity of a call: its shard, key, table, counts. Never payload, never credentials. */
export type CallParameters = Readonly<Record<string, string | number | boolean>>;

/** One call as the server saw it. */
export interface JournalEntry {
  /** Position in the journal, from 1, never reused. */
  readonly number: number;
  /** Milliseconds since 1970 on the servers' clock, when the call was answered. */
  readonly at: number;
  readonly server: ServerName;
  /** The operation's name as AWS spells it, for example `GetRecords` or `PutObject`. */
  readonly operation: string;
  readonly parameters: CallParameters;
  /** Whether the call changed the server's state (true also when the reply was lost afterwards). */
  readonly applied: boolean;
  /** HTTP status of the answer; 0 when no answer was sent. */
  readonly status: number;
  /** Error code of the answer, absent for success. */
  readonly errorCode?: string;
  /** Ids of the fault rules that fired on this call. */
  readonly faults?: readonly string[];
}

/** Which entries to look at; what is absent matches all. */
export interface JournalFilter {
  readonly server?: ServerName;
  readonly operation?: string;
  /** Only entries with a greater number: lets a test look at what happened since. */
  readonly after?: number;
}

/** Every call of every server, in the order of their answers. */
export interface Journal {
  readonly record: (entry: Omit<JournalEntry, "number" | "at">) => void;
  readonly entries: (filter?: JournalFilter) => readonly JournalEntry[];
  /** Number of the newest entry, 0 when there was none. */
  readonly last: () => number;
  readonly clear: () => void;
}

/**
 * Starts an empty journal.
 *
 * @param options.maxEntries the oldest are forgotten beyond this many; default 100,000
 */
export function createJournal(options: { readonly clock: Clock; readonly maxEntries?: number }): Journal {
  const maxEntries = options.maxEntries ?? 100_000;
  let kept: JournalEntry[] = [];
  let number = 0;
  return {
    record: (entry) => {
      number += 1;
      kept.push({ number, at: options.clock.now(), ...entry });
      // Forgotten in halves: moving the array once per maxEntries calls keeps a call's cost constant.
      if (kept.length >= 2 * maxEntries) kept = kept.slice(-maxEntries);
    },
    entries: (filter = {}) =>
      kept
        .slice(-maxEntries)
        .filter(
          (entry) =>
            (filter.server === undefined || entry.server === filter.server) &&
            (filter.operation === undefined || entry.operation === filter.operation) &&
            (filter.after === undefined || entry.number > filter.after),
        ),
    last: () => number,
    clear: () => {
      kept = [];
    },
  };
}
