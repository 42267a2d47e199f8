import {
  definePipeline,
  type EmitContext,
  type Emitter,
  type KinesisRecord,
  type PipelineOptions,
  text,
} from "@kinesis-connectors/core";
import { type Lease, type LeaseTable, memoryLeases, type MemoryLeases } from "@kinesis-connectors/leases";
import { keepingLogger, seededRandom, virtualClock, type VirtualClock } from "@kinesis-connectors/testkit";
import { type KclChildOptions, runKclChild } from "../../src/index.js";
import { initializeMessage, pageMessage } from "./kcl-shard.js";
import { type ChildMessage, ScriptedDaemon } from "./scripted-daemon.js";

export interface Plan {
  readonly key: string;
}

/** Objects by their names, each written once: who writes one again must bring the same. */
export class Objects {
  readonly written = new Map<string, readonly string[]>();

  put(key: string, lines: readonly string[]): void {
    const before = this.written.get(key);
    if (before === undefined) this.written.set(key, lines);
    else if (before.join() !== lines.join()) throw new Error(`${key} is written again, and is another one`);
  }

  /** Everything that landed, in the order of the objects' names. */
  get landed(): readonly string[] {
    return [...this.written].toSorted(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, lines]) => lines);
  }
}

/** A record `number` of the shard, with its number as data. */
export function record(number: number, subSequenceNumber = 0): KinesisRecord {
  return {
    sequenceNumber: `${4_960_000 + number}`,
    subSequenceNumber,
    partitionKey: `k${number % 3}`,
    arrivalTimeMs: Date.UTC(2026, 0, 1) + number,
    data: Buffer.from(`${number}${subSequenceNumber === 0 ? "" : `.${subSequenceNumber}`}`),
  };
}

export function records(from: number, to: number): readonly KinesisRecord[] {
  return Array.from({ length: to - from + 1 }, (_, index) => record(from + index));
}

export function at(number: number, subSequenceNumber = 0): Lease["checkpoint"] {
  return { sequenceNumber: `${4_960_000 + number}`, subSequenceNumber };
}

/** An emitter with a plan, which writes each batch as one object. */
export function objectsEmitter(
  objects: Objects,
  emitting: (context: EmitContext<Plan>) => Promise<void> = () => Promise.resolve(),
  emitted: () => Promise<void> = () => Promise.resolve(),
): Emitter<string, Plan> {
  return {
    capabilities: { duplicates: "none", ordering: "shard" },
    plan: ({ first, last }) => ({
      key: [first, last]
        .map(
          ({ sequenceNumber, subSequenceNumber }) =>
            `${sequenceNumber}.${String(subSequenceNumber).padStart(4, "0")}`,
        )
        .join("-"),
    }),
    isWritten: (_, { plan }) => Promise.resolve(objects.written.has(plan.key)),
    emit: async ({ entries }, context) => {
      await emitting(context);
      objects.put(
        context.plan.key,
        entries.map(({ output }) => output),
      );
      await emitted();
      return { failed: [] };
    },
  };
}

type Options = Partial<KclChildOptions<string, string, Plan>>;

/** A child that runs beside its scripted daemon. */
interface RunningChild {
  readonly daemon: ScriptedDaemon;
  readonly done: Promise<void>;
  /** Says something, and waits for the answers up to the status of it; checkpoints are answered as `checkpointError` says. */
  readonly ask: (message: object, checkpointError?: string | null) => Promise<readonly ChildMessage[]>;
  readonly initialize: (checkpoint?: Lease["checkpoint"]) => Promise<readonly ChildMessage[]>;
  readonly page: (
    records: readonly KinesisRecord[],
    error?: string | null,
  ) => Promise<readonly ChildMessage[]>;
  /** Closes the pipe and waits until the child is over. */
  readonly end: () => Promise<void>;
}

export interface World {
  readonly clock: VirtualClock;
  readonly leases: MemoryLeases;
  readonly objects: Objects;
  readonly lines: readonly string[];
  /** The row of the shard. */
  readonly row: () => Lease | undefined;
  readonly start: (
    options?: Options,
    pipeline?: Partial<PipelineOptions<string, string, Plan, undefined>>,
  ) => RunningChild;
}

export function createWorld(): World {
  const clock = virtualClock();
  const leases = memoryLeases();
  const objects = new Objects();
  const logger = keepingLogger();
  let starts = 0;
  return {
    clock,
    leases,
    objects,
    lines: logger.lines,
    row: () => leases.rows.get("s0"),
    start: (options = {}, pipeline = {}) => {
      starts += 1;
      const daemon = new ScriptedDaemon();
      const done = runKclChild<string, string, Plan>({
        application: "clicks",
        pipeline: definePipeline({
          transformer: text(),
          buffer: { maxRecords: 4, maxAgeMs: 10_000 },
          emitter: objectsEmitter(objects),
          ...pipeline,
        }),
        leaseTable: leases.connect(),
        logger,
        link: daemon.link,
        clock,
        random: seededRandom(starts),
        ...options,
      });
      done.catch(() => undefined);
      const answers = async (error: string | null): Promise<readonly ChildMessage[]> => {
        const heard: ChildMessage[] = [];
        for (let message = await daemon.hear(); message !== undefined; message = await daemon.hear()) {
          heard.push(message);
          if (message.action === "status") return heard;
          const { sequenceNumber = null, subSequenceNumber = null } = message;
          daemon.say({ action: "checkpoint", sequenceNumber, subSequenceNumber, error });
        }
        return heard;
      };
      const ask = async (message: object, error: string | null = null): Promise<readonly ChildMessage[]> => {
        daemon.say(message);
        const heard = await clock.run(Promise.race([answers(error), done.then(() => [])]));
        // The engine asks for the next page before it looks at this one.
        await clock.advance(0);
        return heard;
      };
      return {
        daemon,
        done,
        ask,
        initialize: async (checkpoint = "TRIM_HORIZON") => await ask(initializeMessage("s0", checkpoint)),
        page: async (page, error) => await ask(pageMessage(page), error),
        end: async () => {
          daemon.end();
          await clock.run(done);
        },
      };
    },
  };
}

/** A table that can be cut off: from then on its calls get no answer. */
export function tableThat(table: LeaseTable, isDown: () => boolean): LeaseTable {
  const ask = async <Value>(call: () => Promise<Value>): Promise<Value> => {
    if (isDown()) throw new Error("connect ECONNREFUSED 127.0.0.1:8000");
    return await call();
  };
  return {
    ...table,
    open: (signal) => ask(() => table.open(signal)),
    get: (key) => ask(() => table.get(key)),
    create: (lease) => ask(() => table.create(lease)),
  };
}
