import {
  definePipeline,
  type Logger,
  type Pipeline,
  poisonRecord,
  type Random,
  sleep,
  text,
} from "@kinesis-connectors/core";
import type { KinesisApi } from "@kinesis-connectors/consumer/reading";
import { type LeaseTable, memoryLeases, type MemoryLeases } from "@kinesis-connectors/leases";
import { seededRandom, type VirtualClock, virtualClock } from "@kinesis-connectors/testkit";

import { kinesisHandler, type KinesisHandlerOptions } from "../../src/index.js";
import {
  type EventSource,
  eventSource,
  type EventSourceOptions,
  type SandboxInside,
  sandboxOf,
} from "../../src/testing/index.js";
import { Bucket, bucketDeadLetters, bucketEmitter, type Leaving, type Plan } from "./bucket.js";
import { FakeStream } from "./fake-stream.js";

type Handled = KinesisHandlerOptions<string, string, Plan, Plan>;

/** Options of `createWorld`. */
export interface WorldOptions {
  readonly seed?: number;
  /** The chance that the bucket refuses a write. Default 0. */
  readonly refusals?: number;
  readonly shardCount?: number;
  readonly source?: Omit<Partial<EventSourceOptions>, "kinesis" | "handler" | "clock" | "seed">;
  /** What the sandboxes of the function are started with, beside what the world gives them. */
  readonly handled?: Partial<Handled>;
  /** The row of a shard, kept otherwise: what a broken variant gets. */
  readonly tableOf?: (table: LeaseTable) => LeaseTable;
  readonly pipelineOf?: (leaving: Leaving) => Pipeline<string, string, Plan, Plan>;
}

/** A function on an event source, everything of it in memory and on a virtual clock. */
export interface World {
  readonly clock: VirtualClock;
  readonly stream: FakeStream;
  readonly leases: MemoryLeases;
  readonly bucket: Bucket;
  readonly source: EventSource;
  readonly warnings: string[];
  /** Reads of the stream itself that the function made. */
  readonly reads: { count: number };
  /** Puts so many records, some of them aggregates and some of them poison. */
  readonly putSome: (count: number) => void;
  /** Hands over what there is; for so many milliseconds at most, after which no new invocation begins. */
  readonly run: (forMs?: number) => Promise<void>;
}

/** Everything of a service, each call on its way for some milliseconds and carried out only while the sandbox runs. */
function outside<Service extends object>(service: Service, leaving: Leaving): Service {
  const wrapped = Object.fromEntries(
    Object.entries(service).map(([name, member]) => [
      name,
      typeof member === "function"
        ? async (...given: readonly unknown[]): Promise<unknown> => {
            // Carried out when the request arrives, whatever becomes of whoever asked.
            const answer = await leaving(() => ({
              answer: (member as (...all: readonly unknown[]) => unknown)(...given),
            }));
            return await answer.answer;
          }
        : member,
    ]),
  );
  return wrapped as Service;
}

const POISON = "poison";

export function clicksPipeline(
  bucket: Bucket,
  leaving: Leaving,
  random: Random,
): Pipeline<string, string, Plan, Plan> {
  return definePipeline({
    transformer: text().to((line) => {
      if (line.startsWith(POISON)) throw poisonRecord("it is poison");
      return line;
    }),
    filter: (line) => !line.startsWith("dropped"),
    // As a new version of a function would have other thresholds.
    buffer: { maxRecords: 1 + Math.floor(random.next() * 30) },
    emitter: bucketEmitter(bucket, leaving),
    deadLetters: bucketDeadLetters(bucket, leaving),
  });
}

export function createWorld(options: WorldOptions = {}): World {
  const { seed = 1, shardCount = 2, refusals = 0 } = options;
  const clock = virtualClock();
  const random = seededRandom(seed);
  const stream = new FakeStream(clock, shardCount);
  const leases = memoryLeases();
  const bucket = new Bucket();
  bucket.refuses = () => random.next() < refusals;
  const warnings: string[] = [];
  const reads = { count: 0 };
  const quiet = (): void => undefined;
  const logger: Logger = {
    debug: quiet,
    info: quiet,
    warn: (_, line) => void warnings.push(line),
    error: quiet,
  };

  const leavingOf =
    ({ clock: insideClock, running }: SandboxInside): Leaving =>
    async (call) => {
      await running();
      await sleep(insideClock, 1 + random.next() * 20);
      await running();
      const result = call();
      // A sandbox may die between what was carried out and the answer to it.
      if (random.next() < 0.5) await sleep(insideClock, random.next() * 20);
      await running();
      return result;
    };

  function coldStart(inside: SandboxInside) {
    const leaving = leavingOf(inside);
    const table = outside(leases.connect(), leaving);
    const own = options.handled?.leaseTable;
    return kinesisHandler<string, string, Plan, Plan>({
      application: "clicks",
      pipeline: options.pipelineOf?.(leaving) ?? clicksPipeline(bucket, leaving, random),
      logger,
      listMappings: () => Promise.resolve([source.mapping]),
      kinesisApi: () => countingReads(outside(stream.api(), leaving), reads),
      clock: inside.clock,
      random,
      ...options.handled,
      leaseTable: own ?? options.tableOf?.(table) ?? table,
    });
  }

  const source: EventSource = eventSource({
    kinesis: stream.api(),
    handler: { coldStart: () => sandboxOf(clock, coldStart) },
    seed,
    clock,
    ...options.source,
  });
  let number = 0;
  const line = (): string => {
    number += 1;
    const kind = random.next();
    return kind < 0.05 ? `${POISON} ${number}` : kind < 0.15 ? `dropped ${number}` : `line ${number}`;
  };
  return {
    clock,
    stream,
    leases,
    bucket,
    source,
    warnings,
    reads,
    putSome: (count) => {
      for (let left = count; left > 0;) {
        const open = stream.openShardIds;
        const shardId = open[Math.floor(random.next() * open.length)] ?? "";
        const packed = random.next() < 0.2 ? 1 + Math.floor(random.next() * 6) : 0;
        if (packed > 0) stream.putAggregate(shardId, Array.from({ length: packed }, line));
        else stream.putRecord(shardId, line(), `key-${Math.floor(random.next() * 10)}`);
        left -= Math.max(1, packed);
      }
    },
    run: async (forMs) => {
      const over = new AbortController();
      if (forMs !== undefined) clock.setTimer(forMs, () => over.abort());
      await clock.run(source.run(over.signal), 100 * 24 * 3_600_000);
    },
  };
}

function countingReads(api: KinesisApi, reads: { count: number }): KinesisApi {
  return {
    ...api,
    getRecords: (...call) => {
      reads.count += 1;
      return api.getRecords(...call);
    },
  };
}

/** What was put and has not landed, what has landed more than once, and where nothing was put. */
export function compare({ stream, bucket }: Pick<World, "stream" | "bucket">): {
  readonly lost: readonly string[];
  readonly duplicated: readonly string[];
} {
  const times = new Map<string, number>();
  for (const { position, text: content } of bucket.landed) {
    const key = `${position} ${content}`;
    times.set(key, (times.get(key) ?? 0) + 1);
  }
  const lost: string[] = [];
  for (const { position, text: content } of stream.put) {
    const key = `${position} ${content}`;
    const count = times.get(key) ?? 0;
    if (content.startsWith("dropped")) continue;
    if (count === 0) lost.push(key);
    else times.set(key, count - 1);
  }
  return { lost, duplicated: [...times].filter(([, count]) => count > 0).map(([key]) => key) };
}
