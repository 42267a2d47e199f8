import {
  type Emitter,
  type EmitResult,
  type EncodedOutputs,
  type BatchWriter,
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

class Lines implements EncodedOutputs {
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

class LineWriter implements BatchWriter<unknown> {
  protected kept: string[] = [];
  protected staged: string[] = [];

  readonly write = (output: unknown): number => {
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
  drain = (): EncodedOutputs => {
    const lines = new Lines(this.kept);
    this.kept = [];
    return lines;
  };
  readonly close = (): void => undefined;
}

/** Objects of lines, in memory, that are created once; lines are made as outputs come. */
function lineEmitter(
  objects: Objects,
  createWriter: () => BatchWriter<unknown> = () => new LineWriter(),
): LineEmitter {
  return {
    capabilities: { duplicates: "none", ordering: "shard" },
    createWriter,
    plan: ({ batchId, entries, encoded }) => ({ name: batchId, lines: encoded?.count ?? entries.length }),
    emit: ({ entries, encoded }, { plan }) => {
      if (encoded instanceof Lines) {
        if (!objects.has(plan.name) && encoded.count > 0) objects.set(plan.name, encoded.lines);
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
    capabilities: { duplicates: "none", ordering: "shard", planned: true, hasWriter: true, keeps: "log" },
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

const LANDS = "lands what is encoded and kept";
const broken: readonly {
  readonly what: string;
  readonly make: (objects: Objects) => LineEmitter;
  readonly fails: string;
}[] = [
  {
    what: "keeps what was dropped",
    make: (objects) => lineEmitter(objects, () => Object.assign(new LineWriter(), { drop: () => undefined })),
    fails: LANDS,
  },
  {
    what: "loses what was staged when a batch ended",
    make: (objects) =>
      lineEmitter(
        objects,
        () =>
          new (class extends LineWriter {
            override drain = (): EncodedOutputs => {
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
          new (class extends LineWriter {
            override drain = (): EncodedOutputs => {
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
          new (class extends LineWriter {
            override drain = (): EncodedOutputs => new Lines([...this.kept]);
          })(),
      ),
    fails: LANDS,
  },
  {
    what: "finds out too late what it refuses",
    make: (objects) => {
      const writer = (): BatchWriter<unknown> => Object.assign(new LineWriter(), { write: () => 1 });
      return lineEmitter(objects, writer);
    },
    fails: LANDS,
  },
  {
    what: "appends when an encoded batch is emitted again",
    make: (objects) => {
      const sound = lineEmitter(objects);
      return {
        ...sound,
        emit: (batch, context) => {
          const before = objects.get(context.plan.name);
          if (before !== undefined && batch.encoded !== undefined)
            objects.set(context.plan.name, [...before, ...before]);
          return sound.emit(batch, context);
        },
      };
    },
    fails: LANDS,
  },
  {
    what: "plans what is encoded otherwise",
    make: (objects) => ({
      ...lineEmitter(objects),
      plan: ({ batchId, entries }) => ({ name: batchId, lines: entries.length }),
    }),
    fails: "plans what is encoded as it plans the same outputs as entries",
  },
  {
    what: "has no writer at all",
    make: (objects) => {
      const { createWriter: _createWriter, ...others } = lineEmitter(objects);
      return others;
    },
    fails: "declares its capabilities",
  },
];

describe("the contract finds an emitter with a writer", () => {
  for (const { what, make, fails } of broken) {
    it(`that ${what}`, async () => {
      const tests = collectTests();
      describeEmitterContract(lineContract(tests.functions, make));
      const failed = [...(await tests.failures()).keys()];
      expect(failed).toContainEqual(expect.stringMatching(new RegExp(`^${fails}`)));
    });
  }
});
