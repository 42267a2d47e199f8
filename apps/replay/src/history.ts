import { clicks } from "@kinesis-connectors/app-sample";
import { type Clock, type LocalAws, systemClock } from "@kinesis-connectors/local";

/** A clock of the servers that can be in the past while the past is written. */
export function movableClock(): Clock & {
  readonly moveTo: (ms: number) => void;
  readonly moveToNow: () => void;
} {
  let aheadMs = 0;
  return {
    ...systemClock,
    now: () => Math.floor(systemClock.now() + aheadMs),
    moveTo: (ms) => {
      aheadMs = ms - systemClock.now();
    },
    moveToNow: () => {
      aheadMs = 0;
    },
  };
}

/** Records that arrive at a time. */
const AT_A_TIME = 50;

/** Makes the stream and puts an hour of records into it, evenly, up to now; gives those that arrived in a range, by their ids. */
export function putHistory(
  aws: LocalAws,
  clock: ReturnType<typeof movableClock>,
  {
    stream,
    shards,
    count,
    seed,
    fromMs,
    untilMs,
  }: {
    readonly stream: string;
    readonly shards: number;
    readonly count: number;
    readonly seed: number;
    readonly fromMs: number;
    readonly untilMs: number;
  },
): ReadonlySet<number> {
  const endMs = clock.now();
  const beginMs = endMs - 3_600_000;
  clock.moveTo(beginMs);
  aws.kinesis.createStream({ name: stream, shardCount: shards });
  const within = new Set<number>();
  let batch: Buffer[] = [];
  let id = 0;
  const put = (): void => {
    clock.moveTo(beginMs + Math.floor((id / count) * 3_600_000));
    const records = batch.map((data, nth) => ({ partitionKey: `visitor-${id + nth}`, data }));
    for (const [nth, { arrivalMs }] of aws.kinesis.putRecords(stream, records).entries())
      if (arrivalMs >= fromMs && arrivalMs < untilMs) within.add(id + nth);
    id += batch.length;
    batch = [];
  };
  for (const click of clicks(count, seed)) if (batch.push(click) === AT_A_TIME) put();
  if (batch.length > 0) put();
  clock.moveToNow();
  return within;
}
