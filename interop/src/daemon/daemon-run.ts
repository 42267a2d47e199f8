import { sleep, systemClock } from "@kinesis-connectors/core";
import { startLocalAws } from "@kinesis-connectors/local";
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { propertiesOf } from "./daemon-properties.js";
import { type Comparison, compare, countLanded } from "./landed.js";
import { begunSince, type ToldByChild, toldBy } from "./told.js";
import type { DaemonSide } from "../java/daemon-side.js";
import { Children } from "../rig/children.js";
import { shardId, Shards } from "../rig/shards.js";
import { Unmet } from "../rig/rig.js";
import { JsonProducer } from "./json-producer.js";

const RUNS = fileURLToPath(new URL("../../.cache/runs/", import.meta.url));
const CHILD = fileURLToPath(new URL("../workers/kcl-child.js", import.meta.url));
const REGION = "eu-central-1";
const BUCKET = "archive";
const STREAM = "clicks";
const APPLICATION = "click-archive";
const DAEMON = "daemon";
/** A daemon starts in a minute or two on a busy machine, and after a kill the dead one's leases, or its leader's lock, may have to run out first. */
const BEGIN_LIMIT_MS = 420_000;
const DRAIN_LIMIT_MS = 300_000;
const STOP_LIMIT_MS = 60_000;
const LOOK_EVERY_MS = 250;
/** What the store takes for an object. */
const PUT_MS = 400;
/** Between the moment at which all shards are under way and the kill. */
const UNTIL_KILL_MS = [1_500, 5_000] as const;

export interface DaemonRunOptions {
  readonly side: DaemonSide;
  readonly kills: number;
  readonly perSecond: number;
  readonly shards: number;
  readonly signal: AbortSignal;
  readonly say: (text: string) => void;
}

/** What a run came to. */
export interface DaemonResult extends Comparison {
  readonly kills: number;
  readonly objects: number;
  /** Children that were started, and prepared batches that one of them finished for another. */
  readonly children: number;
  readonly inherited: number;
  readonly shardsEnded: number;
  /** From the start of a daemon after a kill until one of its children had begun a shard, the longest. */
  readonly longestStartAfterKillS: number;
  /** Whether the last daemon ended by itself when it was asked to. */
  readonly stopped: boolean;
  readonly seconds: number;
}

/** Records are put all the time; the daemon is killed and started again so many times; then everything has to land. */
export async function runDaemon(options: DaemonRunOptions): Promise<DaemonResult> {
  const { side, kills, perSecond, signal } = options;
  const startedMs = Date.now();
  const folder = join(RUNS, `kcl-daemon-${startedMs.toString(36)}`);
  mkdirSync(folder, { recursive: true });
  const say = (text: string): void => {
    const line = `${((Date.now() - startedMs) / 1000).toFixed(1)} s  ${text}`;
    appendFileSync(join(folder, "log.txt"), `${line}\n`);
    options.say(line);
  };
  const told = join(folder, "children.jsonl");
  const aws = await startLocalAws({ limits: "off", opensearch: false, region: REGION });
  const children = new Children(folder);
  const producer = new JsonProducer(aws, STREAM);
  try {
    aws.kinesis.createStream({ name: STREAM, shardCount: options.shards });
    aws.s3.createBucket(BUCKET);
    // A batch is under way most of the time, then: a kill meets one.
    aws.faults.add({
      server: "s3",
      operation: "PutObject",
      times: "always",
      effect: { kind: "delay", delayMs: PUT_MS },
    });
    const shards = new Shards(aws, STREAM);
    const file = join(folder, "daemon.properties");
    const command = [process.execPath, CHILD, APPLICATION, STREAM, BUCKET, told].join(" ");
    writeFileSync(
      file,
      propertiesOf({ application: APPLICATION, stream: STREAM, command, region: REGION, aws }),
    );
    const wait = async (ms: number): Promise<void> => {
      await sleep(systemClock, ms, signal);
      signal.throwIfAborted();
    };
    const until = async (what: string, limitMs: number, holds: () => boolean): Promise<number> => {
      const beganMs = Date.now();
      while (!holds()) {
        if (!children.isRunning(DAEMON))
          throw new Unmet(`the daemon has ended by itself: see ${folder}/${DAEMON}.log`);
        if (Date.now() - beganMs > limitMs)
          throw new Unmet(`${what}: not within ${limitMs / 1000} s; see ${folder}`);
        await wait(LOOK_EVERY_MS);
      }
      const tookMs = Date.now() - beganMs;
      say(`${what}: after ${(tookMs / 1000).toFixed(1)} s`);
      return tookMs;
    };
    const start = (): number => {
      const sinceMs = Date.now();
      // The children inherit what the daemon is given.
      children.start(DAEMON, {
        program: side.program,
        args: [...side.args, file],
        env: { ...aws.env, AWS_REGION: REGION },
      });
      say("the daemon is started");
      return sinceMs;
    };

    producer.start(perSecond);
    let sinceMs = start();
    let longestStartAfterKillMs = 0;
    for (let kill = 0; kill <= kills; kill += 1) {
      const begunMs = await until(
        "the first shard is begun",
        BEGIN_LIMIT_MS,
        () => begunSince(toldBy(told), sinceMs).size > 0,
      );
      if (kill > 0) longestStartAfterKillMs = Math.max(longestStartAfterKillMs, begunMs);
      const isOpen = openShards(aws.kinesis.call("ListShards", { StreamName: STREAM }));
      await until("every open shard is begun", BEGIN_LIMIT_MS, () => {
        const begun = begunSince(toldBy(told), sinceMs);
        return isOpen.every((shard) => begun.has(shard));
      });
      if (kill === kills) break;
      const landed = countLanded(aws, BUCKET);
      await until("records land", DRAIN_LIMIT_MS, () => countLanded(aws, BUCKET) > landed);
      if (kill === 0) {
        say("a shard is split");
        shards.split(0);
        await until("its children are begun", BEGIN_LIMIT_MS, () =>
          begunSince(toldBy(told), sinceMs).has(shardId(options.shards)),
        );
      }
      const [low, high] = UNTIL_KILL_MS;
      await wait(low + Math.random() * (high - low));
      // Now and then its children go with it, as a machine does; otherwise they are orphans, and finish what they can.
      const takesChildren = kill % 2 === 1;
      const whole = takesChildren ? "the daemon and its children" : "the daemon";
      say(`kill -9 of ${whole} (${countLanded(aws, BUCKET)} of ${producer.sent.size} records have landed)`);
      children.signal(DAEMON, "SIGKILL");
      if (takesChildren) killChildren(toldBy(told).filter(({ t }) => t >= sinceMs));
      while (children.isRunning(DAEMON)) await wait(50);
      sinceMs = start();
    }
    producer.stop();
    await until(
      "everything has landed",
      DRAIN_LIMIT_MS,
      () => countLanded(aws, BUCKET) >= producer.sent.size,
    );
    say("the daemon is asked to stop");
    const stopped = await children.stop(DAEMON, STOP_LIMIT_MS);
    say(stopped ? "it has stopped" : "it did not stop in time");
    // What orphans still had under way would land now.
    await wait(3_000);
    const events = toldBy(told);
    return {
      ...compare(aws, BUCKET, producer.sent),
      kills,
      objects: [...aws.s3.objects(BUCKET)].length,
      children: new Set(events.map(({ pid }) => pid)).size,
      inherited: events.filter(({ inherited }) => inherited === true).length,
      shardsEnded: events.filter(({ type }) => type === "shard-end").length,
      longestStartAfterKillS: Math.round(longestStartAfterKillMs / 100) / 10,
      stopped,
      seconds: Math.round((Date.now() - startedMs) / 1000),
    };
  } finally {
    producer.stop();
    await children.killAll();
    await aws.close();
    say(`what the daemon and its children wrote is in ${folder}`);
  }
}

/** Kills the processes that have told of a beginning and not of their end. */
function killChildren(told: readonly ToldByChild[]): void {
  const over = new Set(told.flatMap(({ type, pid }) => (type === "over" ? [pid] : [])));
  for (const pid of new Set(told.map((event) => event.pid))) {
    if (over.has(pid)) continue;
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has ended since.
    }
  }
}

/** Shards that go on, of an answer of ListShards. */
function openShards(answer: object): readonly string[] {
  const { Shards: listed } = answer as {
    readonly Shards: readonly {
      readonly ShardId: string;
      readonly SequenceNumberRange: { readonly EndingSequenceNumber?: string };
    }[];
  };
  return listed
    .filter(({ SequenceNumberRange }) => SequenceNumberRange.EndingSequenceNumber === undefined)
    .map(({ ShardId }) => ShardId);
}
