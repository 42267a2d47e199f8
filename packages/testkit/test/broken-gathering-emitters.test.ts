import {
  type Emitter,
  type EmitResult,
  type Gathered,
  type Gathering,
  KinesisConnectorError,
} from "@kinesis-connectors/core";
import {
  describeEmitterContract,
  type EmitterContract,
  type EmitterUnderTest,
  excluded,
  type TestFunctions,
} from "@kinesis-connectors/testkit";
import { describe, expect, it } from "vitest";
import { collectTests } from "./support/collected-tests.js";

type Objects = Map<string, readonly string[]>;
type Plan = { readonly name: string; readonly lines: number };
type LineEmitter = Emitter<unknown, Plan>;

interface EmitterOnObjects extends EmitterUnderTest<unknown, Plan> {
  readonly objects: Objects;
}

class Lines implements Gathered {
  readonly lines: readonly string[];

  constructor(lines: readonly string[]) {
    this.lines = lines;
  }

  get count(): number {
    return this.lines.length;
  }

  readonly discard = (): void => undefined;
}

function lineOf(output: unknown): string {
  try {
    return JSON.stringify(output);
  } catch {
    throw new KinesisConnectorError("KC_RECORD_POISON", "the output has no JSON form");
  }
}

class LineGathering implements Gathering<unknown> {
  protected kept: string[] = [];
  protected staged: string[] = [];

  readonly stage = (output: unknown): number => {
    const line = lineOf(output);
    this.staged.push(line);
    return line.length;
  };
  keep = (): void => {
    this.kept.push(...this.staged);
    this.staged = [];
  };
  drop = (): void => {
    this.staged = [];
  };
  heldBytes = (): number => this.kept.length + this.staged.length;
  drain = (): Gathered => {
    const lines = new Lines(this.kept);
    this.kept = [];
    return lines;
  };
  readonly close = (): void => undefined;
}

/** Objects of lines, in memory, that are created once; lines are made as outputs come. */
function lineEmitter(
  objects: Objects,
  gather: () => Gathering<unknown> = () => new LineGathering(),
): LineEmitter {
  return {
    capabilities: { duplicates: "none", ordering: "shard" },
    gather,
    plan: ({ batchId, entries, gathered }) => ({ name: batchId, lines: gathered?.count ?? entries.length }),
    emit: ({ entries, gathered }, { plan }) => {
      if (gathered instanceof Lines) {
        if (!objects.has(plan.name) && gathered.count > 0) objects.set(plan.name, gathered.lines);
        return Promise.resolve({ failed: [] });
      }
      const failed: EmitResult<unknown>["failed"][number][] = [];
      const lines: string[] = [];
      for (const entry of entries) {
        try {
          lines.push(lineOf(entry.output));
        } catch (error) {
          failed.push({ entry, action: "dead-letter", error: error as Error });
        }
      }
      if (failed.length === 0 && lines.length > 0 && !objects.has(plan.name)) objects.set(plan.name, lines);
      return Promise.resolve({ failed });
    },
  };
}

const inMemory = excluded("memory has no requests");

function lineContract(
  functions: TestFunctions,
  make: (objects: Objects) => LineEmitter = lineEmitter,
): EmitterContract<EmitterOnObjects, unknown, Plan> {
  return {
    ...functions,
    name: "lineEmitter",
    create: () => {
      const objects: Objects = new Map();
      return Promise.resolve({ objects, emitter: make(objects) });
    },
    capabilities: { duplicates: "none", ordering: "shard", planned: true, gathers: true, keeps: "log" },
    outputs: (index) => ({ index }),
    readBack: ({ objects }) => Promise.resolve([...objects.values()].flat()),
    versions: excluded("objects are never replaced"),
    refusedOutputs: (index) => BigInt(index),
    faults: {
      throttle: inMemory,
      throttleEntries: inMemory,
      outage: inMemory,
      replyLost: inMemory,
      credentials: inMemory,
      stall: inMemory,
    },
    limits: inMemory,
  };
}

describeEmitterContract(lineContract({ describe, it }));

const LANDS = "lands what is gathered and kept";
const broken: readonly {
  readonly what: string;
  readonly make: (objects: Objects) => LineEmitter;
  readonly fails: string;
}[] = [
  {
    what: "keeps what was dropped",
    make: (objects) =>
      lineEmitter(objects, () => Object.assign(new LineGathering(), { drop: () => undefined })),
    fails: LANDS,
  },
  {
    what: "loses what was staged when a batch ended",
    make: (objects) =>
      lineEmitter(
        objects,
        () =>
          new (class extends LineGathering {
            override drain = (): Gathered => {
              const lines = new Lines(this.kept);
              this.kept = [];
              this.staged = [];
              return lines;
            };
          })(),
      ),
    fails: LANDS,
  },
  {
    what: "takes what was staged into the batch that ends",
    make: (objects) =>
      lineEmitter(
        objects,
        () =>
          new (class extends LineGathering {
            override drain = (): Gathered => {
              this.keep();
              const lines = new Lines(this.kept);
              this.kept = [];
              return lines;
            };
          })(),
      ),
    fails: LANDS,
  },
  {
    what: "hands a batch out again",
    make: (objects) =>
      lineEmitter(
        objects,
        () =>
          new (class extends LineGathering {
            override drain = (): Gathered => new Lines([...this.kept]);
          })(),
      ),
    fails: LANDS,
  },
  {
    what: "finds out too late what it refuses",
    make: (objects) => {
      const gathering = (): Gathering<unknown> => Object.assign(new LineGathering(), { stage: () => 1 });
      return lineEmitter(objects, gathering);
    },
    fails: LANDS,
  },
  {
    what: "appends when a gathered batch is emitted again",
    make: (objects) => {
      const sound = lineEmitter(objects);
      return {
        ...sound,
        emit: (batch, context) => {
          const before = objects.get(context.plan.name);
          if (before !== undefined && batch.gathered !== undefined)
            objects.set(context.plan.name, [...before, ...before]);
          return sound.emit(batch, context);
        },
      };
    },
    fails: LANDS,
  },
  {
    what: "plans what is gathered otherwise",
    make: (objects) => ({
      ...lineEmitter(objects),
      plan: ({ batchId, entries }) => ({ name: batchId, lines: entries.length }),
    }),
    fails: "plans what is gathered as it plans the same outputs as entries",
  },
  {
    what: "does not gather at all",
    make: (objects) => {
      const { gather: _gather, ...others } = lineEmitter(objects);
      return others;
    },
    fails: "declares its capabilities",
  },
];

describe("the contract finds a gathering emitter", () => {
  for (const { what, make, fails } of broken) {
    it(`that ${what}`, async () => {
      const tests = collectTests();
      describeEmitterContract(lineContract(tests.functions, make));
      const failed = [...(await tests.failures()).keys()];
      expect(failed).toContainEqual(expect.stringMatching(new RegExp(`^${fails}`)));
    });
  }
});
