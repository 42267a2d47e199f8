import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { sleep, systemClock } from "@kinesis-connectors/core";
import { type LocalAws, startLocalAws } from "@kinesis-connectors/local";
import { appendFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { JavaSide, KclVersion } from "../java/java-side.js";
import { eventsFile, readEvents, type WorkerEvent } from "../verdict/events.js";
import { countDeliveries } from "../verdict/deliveries.js";
import type { Departure } from "../verdict/takeovers.js";
import { Children } from "./children.js";
import { DynamoTap } from "./dynamo-tap.js";
import { type LeaseSeen, LeaseRows } from "./lease-rows.js";
import { Producer } from "./producer.js";
import { Shards } from "./shards.js";
import { environmentOf, type WorkerSettings } from "./worker-settings.js";

const OUR_WORKER = fileURLToPath(new URL("../workers/our-worker.js", import.meta.url));
const REGION = "eu-central-1";
/** How long anything that must happen may take: a busy machine takes many times as long as a quiet one. */
const EXPECT_LIMIT_MS = 180_000;
const LOOK_EVERY_MS = 250;
const STOP_LIMIT_MS = 40_000;

/** What a run is started with. */
export interface RigOptions {
  /** Names the run's folder. */
  readonly name: string;
  readonly folder: string;
  /** The Java side of each version. */
  readonly java: ReadonlyMap<KclVersion, JavaSide>;
  /** The run's version. */
  readonly version: KclVersion;
  readonly shards: number;
  readonly signal: AbortSignal;
  /** Told of every step. */
  readonly say: (text: string) => void;
  readonly settings?: WorkerSettings;
}

/** What was expected and did not come. */
export class Unmet extends Error {
  override readonly name = "Unmet";
}

/** Servers, workers, a producer and what is known of a run. */
export class Rig implements AsyncDisposable {
  readonly aws: LocalAws;
  readonly folder: string;
  readonly producer: Producer;
  readonly rows: LeaseRows;
  readonly shards: Shards;
  readonly tap: DynamoTap;
  /** Workers that were killed or stopped while others were there to go on. */
  readonly departures: Departure[] = [];
  readonly problems: string[] = [];
  readonly figures: Record<string, number | string> = {};
  readonly stream = "interop";
  readonly application = "interop";
  readonly #options: RigOptions;
  readonly #client: DynamoDBClient;
  readonly #children: Children;
  readonly #startedMs = Date.now();

  static async start(options: RigOptions): Promise<Rig> {
    mkdirSync(options.folder, { recursive: true });
    const aws = await startLocalAws({ limits: "off", s3: false, opensearch: false, region: REGION });
    const rig = new Rig(options, aws);
    aws.kinesis.createStream({ name: rig.stream, shardCount: options.shards });
    return rig;
  }

  private constructor(options: RigOptions, aws: LocalAws) {
    this.#options = options;
    this.aws = aws;
    this.folder = options.folder;
    this.#client = new DynamoDBClient(aws.clientOptions("dynamodb"));
    this.#children = new Children(this.folder);
    this.tap = new DynamoTap(aws.endpoints.dynamodb, join(this.folder, "dynamodb.jsonl"));
    this.producer = new Producer(aws, this.stream);
    this.rows = this.rowsOf(this.application);
    this.shards = new Shards(aws, this.stream);
  }

  rowsOf(table: string): LeaseRows {
    return new LeaseRows(this.#client, table);
  }

  say(text: string): void {
    const line = `${((Date.now() - this.#startedMs) / 1000).toFixed(1)} s  ${text}`;
    appendFileSync(join(this.folder, "log.txt"), `${line}\n`);
    this.#options.say(line);
  }

  /** Starts a Java worker, of the run's version unless it says another. */
  async java(
    name: string,
    settings: WorkerSettings = {},
    version: KclVersion = this.#options.version,
  ): Promise<void> {
    const side = this.#options.java.get(version);
    if (side === undefined) throw new Error(`KCL ${version} was not built`);
    const { program, args } = side.command;
    await this.#start(name, program, args, settings);
  }

  /** Starts a worker of ours. */
  async ours(name: string, settings: WorkerSettings = {}): Promise<void> {
    await this.#start(name, process.execPath, [OUR_WORKER], settings);
  }

  async #start(
    name: string,
    program: string,
    args: readonly string[],
    settings: WorkerSettings,
  ): Promise<void> {
    const { application, stream } = this;
    const common = { application, stream, region: REGION, kinesis: this.aws.endpoints.kinesis };
    const worker = {
      id: name,
      out: eventsFile(this.folder, name),
      dynamodb: await this.tap.portFor(name),
    };
    const env = environmentOf(worker, common, { ...this.#options.settings, ...settings });
    this.#children.start(name, { program, args, env });
    this.say(`start ${name}`);
  }

  kill(name: string): void {
    this.say(`kill ${name}`);
    this.#children.signal(name, "SIGKILL");
    this.departures.push({ worker: name, atMs: Date.now() });
  }

  /** Stands a worker still for some time, as a full collection or a suspended machine does. */
  async pause(name: string, forMs: number): Promise<void> {
    this.say(`pause ${name} for ${forMs / 1000} s`);
    this.#children.signal(name, "SIGSTOP");
    await this.wait(forMs);
    this.#children.signal(name, "SIGCONT");
  }

  /** Asks a worker to stop; one that does not is a problem of the run. */
  async stop(name: string): Promise<void> {
    this.say(`stop ${name}`);
    this.departures.push({ worker: name, atMs: Date.now() });
    if (!(await this.#children.stop(name, STOP_LIMIT_MS)))
      this.problems.push(`${name} did not stop within ${STOP_LIMIT_MS / 1000} s`);
  }

  isRunning(name: string): boolean {
    return this.#children.isRunning(name);
  }

  async wait(ms: number): Promise<void> {
    await sleep(systemClock, ms, this.#options.signal);
    this.#options.signal.throwIfAborted();
  }

  /**
   * Waits until something holds of the leases, and gives how long it took, in milliseconds.
   * @throws Unmet when it does not hold in time
   */
  async expect(
    what: string,
    holds: (leases: readonly LeaseSeen[]) => boolean | Promise<boolean>,
    { limitMs = EXPECT_LIMIT_MS, rows = this.rows }: { limitMs?: number; rows?: LeaseRows } = {},
  ): Promise<number> {
    const startedMs = Date.now();
    for (;;) {
      const leases = await rows.leases();
      const tookMs = Date.now() - startedMs;
      if (await holds(leases)) {
        this.say(`${what}: after ${(tookMs / 1000).toFixed(1)} s (${shown(leases)})`);
        return tookMs;
      }
      if (tookMs > limitMs)
        throw new Unmet(`${what}: not within ${Math.round(limitMs / 1000)} s (${shown(leases)})`);
      await this.wait(LOOK_EVERY_MS);
    }
  }

  async show(what: string): Promise<void> {
    this.say(`${what} (${shown(await this.rows.leases())})`);
  }

  /** Waits until every record of a producer has been handled by somebody; the verdict tells what was not. */
  async drained(producer: Producer = this.producer, limitMs: number = EXPECT_LIMIT_MS): Promise<void> {
    const startedMs = Date.now();
    while (countDeliveries(this.events(), producer.sent).lost.length > 0) {
      if (Date.now() - startedMs > limitMs) return;
      await this.wait(1000);
    }
  }

  events(): readonly WorkerEvent[] {
    return readEvents(this.folder);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.producer.stop();
    await this.#children.killAll();
    await this.tap[Symbol.asyncDispose]();
    this.#client.destroy();
    await this.aws.close();
  }
}

/** `j1: 0 2* 4<t1`: owner and shards; a star is a shard that was read to its end, what follows `<` its old owner in a handover. */
function shown(leases: readonly LeaseSeen[]): string {
  const owners = new Map<string, string[]>();
  for (const { owner = "nobody", shard, checkpoint, checkpointOwner } of leases) {
    const number = shard.replace(/^shardId-0*(?=\d)/, "");
    const text = `${number}${checkpoint === "SHARD_END" ? "*" : ""}${checkpointOwner === undefined ? "" : `<${checkpointOwner}`}`;
    owners.set(owner, [...(owners.get(owner) ?? []), text]);
  }
  return [...owners]
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([owner, shards]) => `${owner}: ${shards.join(" ")}`)
    .join(", ");
}
