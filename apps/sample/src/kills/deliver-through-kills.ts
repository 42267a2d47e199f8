import { compareSequenceNumbers } from "@kinesis-connectors/core";
import type { LocalAws } from "@kinesis-connectors/local";
import { type Delivered, type Delivery, localTo } from "../deliver.js";
import { type Running, UNWATCHED } from "../run-sample.js";
import { pick, seededNumbers } from "../seeded-numbers.js";
import { Crew } from "./crew.js";
import type { WorkerMessage, WorkerSetup } from "./worker-process.js";

/** Short, so that the next worker need not wait long for the shards of a dead one. */
const FAILOVER_TIME_MS = 1_500;
/** What is silent for so long hangs, on any machine. */
const PATIENCE_MS = 60_000;
/** Records put at a time, between two turns of the event loop. */
const PUT_AT_A_TIME = 500;
/** A worker is killed when it has told one of these of any shard so often. */
const MOMENTS = ["page-read", "batch-start", "batch-emit", "checkpoint-commit"] as const;
const MAX_TIMES = 3;

/** What `deliverThroughKills` is given. */
export interface KilledDelivery<Setup> extends Pick<Delivery, "stream" | "shards" | "records"> {
  readonly application: string;
  /** The program of the worker: it calls `runWorkerProcess`. */
  readonly worker: URL;
  /** What its pipeline is made of, as JSON. */
  readonly setup: Setup;
  /** How many worker processes share the shards. Default 1. */
  readonly workers?: number;
  /** How often a worker is killed. */
  readonly kills: number;
  /** Seed of the moments. */
  readonly seed: number;
}

/** What came of it. */
export interface KilledDelivered extends Delivered {
  /** Batches that a worker had begun when it was killed, and that the next one ended. */
  readonly takenOver: number;
}

/**
 * Fills a stream while worker processes deliver it, of which one is killed (SIGKILL) again and again in the middle of its work and followed by another one, until everything
 * that was put is committed. A part of the records is put before each kill, so that there is work in the middle of which to be killed.
 *
 * @throws when a worker ends by itself, or nothing is heard of one for a minute; the signal's reason
 */
export async function deliverThroughKills<Setup>(
  aws: LocalAws,
  {
    stream,
    shards,
    records,
    application,
    worker: program,
    workers = 1,
    setup,
    kills,
    seed,
  }: KilledDelivery<Setup>,
  { signal, progress }: Running = UNWATCHED,
): Promise<KilledDelivered> {
  aws.kinesis.createStream({ name: stream, shardCount: shards });
  const startMs = performance.now();
  const { signal: _signal, ...local } = localTo(aws, stream, signal);
  const given: WorkerSetup<Setup> = { application, failoverTimeMs: FAILOVER_TIME_MS, local, setup };
  const next = seededNumbers(seed);
  const put = new Map<string, string>();
  const committed = new Map<string, string>();
  let told: WorkerMessage["type"][] = [];
  let killed = 0;
  let takenOver = 0;
  let putRecords = 0;
  const heard = ({ type, shardId, committed: position, isInherited }: WorkerMessage): void => {
    told.push(type);
    if (isInherited) takenOver += 1;
    if (position !== undefined) committed.set(shardId, position);
  };
  const all = [...records];
  using _watched = progress.watch(() => ({
    share: killed / (kills + 1),
    text: `put ${putRecords} of ${all.length} records  kills ${killed}`,
  }));
  const crew = new Crew(workers, program, given, heard);
  try {
    for (let part = 0; part <= kills; part += 1) {
      const from = Math.floor((all.length * part) / (kills + 1));
      const to = Math.floor((all.length * (part + 1)) / (kills + 1));
      for (let at = from; at < to; at += PUT_AT_A_TIME)
        for (const { shardId, sequenceNumber } of aws.kinesis.putRecords(
          stream,
          all.slice(at, Math.min(at + PUT_AT_A_TIME, to)),
        ))
          put.set(shardId, sequenceNumber);
      putRecords = to;
      if (part === kills) break;
      const moment = pick(next, MOMENTS);
      const times = 1 + Math.floor(next() * MAX_TIMES);
      told = [];
      const isDone = (): boolean => isAllCommitted(put, committed);
      // Where it was faster than that, it dies with nothing left to do.
      await crew.until(
        () => isDone() || told.filter((type) => type === moment).length >= times,
        PATIENCE_MS,
        signal,
      );
      await crew.killLast();
      killed += 1;
    }
    await crew.until(() => isAllCommitted(put, committed), PATIENCE_MS, signal);
    await crew.stop();
  } finally {
    await crew.kill();
  }
  const seconds = Math.round(performance.now() - startMs) / 1000;
  return { records: all.length, seconds, takenOver };
}

function isAllCommitted(put: ReadonlyMap<string, string>, committed: ReadonlyMap<string, string>): boolean {
  return [...put].every(([shardId, sequenceNumber]) => {
    const done = committed.get(shardId);
    return done !== undefined && /^\d/.test(done) && compareSequenceNumbers(done, sequenceNumber) >= 0;
  });
}
