import { asError, type Emitter, type FailedEntry } from "@kinesis-connectors/core";
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
type Plan = { readonly name: string };
type PlannedEmitter = Emitter<unknown, Plan>;

interface EmitterOnObjects extends EmitterUnderTest<unknown, Plan> {
  readonly objects: Objects;
}

/** Objects in memory that are created once. */
function objectEmitter(objects: Objects): PlannedEmitter {
  return {
    capabilities: { duplicates: "none", ordering: "shard" },
    plan: ({ batchId }) => ({ name: batchId }),
    isWritten: (_range, { plan }) => Promise.resolve(objects.has(plan.name)),
    emit: ({ entries }, { plan }) => {
      const failed: FailedEntry<unknown>[] = [];
      const lines: string[] = [];
      for (const entry of entries) {
        try {
          lines.push(JSON.stringify(entry.output));
        } catch (error) {
          failed.push({ entry, action: "dead-letter", error: asError(error) });
        }
      }
      if (failed.length === 0 && lines.length > 0 && !objects.has(plan.name)) objects.set(plan.name, lines);
      return Promise.resolve({ failed });
    },
  };
}

const inMemory = excluded("memory has no requests");

function objectContract(
  functions: TestFunctions,
  make: (objects: Objects) => PlannedEmitter = objectEmitter,
): EmitterContract<EmitterOnObjects, unknown, Plan> {
  return {
    ...functions,
    name: "objectEmitter",
    create: () => {
      const objects: Objects = new Map();
      return Promise.resolve({ objects, emitter: make(objects) });
    },
    capabilities: { duplicates: "none", ordering: "shard", planned: true, keeps: "log" },
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

describeEmitterContract(objectContract({ describe, it }));

const broken: readonly {
  readonly what: string;
  readonly make: (objects: Objects) => PlannedEmitter;
  readonly fails: readonly string[];
}[] = [
  {
    what: "plans by something else than the batch",
    make: (objects) => {
      let count = 0;
      const plan = (): Plan => {
        count += 1;
        return { name: `object-${count}` };
      };
      return { ...objectEmitter(objects), plan };
    },
    fails: ["plans the same batch alike", "emitting the same batch again changes nothing"],
  },
  {
    what: "plans the same place for all batches",
    make: (objects) => ({ ...objectEmitter(objects), plan: () => ({ name: "object" }) }),
    fails: ["plans the same batch alike"],
  },
  {
    what: "plans what does not survive JSON",
    make: (objects) => {
      const sound = objectEmitter(objects);
      const plan = (batch: Parameters<NonNullable<PlannedEmitter["plan"]>>[0]): Plan & { at: Date } => ({
        name: batch.batchId,
        at: new Date(0),
      });
      return { ...sound, plan };
    },
    fails: ["plans the same batch alike, without writing, as JSON"],
  },
  {
    what: "writes while it plans",
    make: (objects) => ({
      ...objectEmitter(objects),
      plan: ({ batchId }) => {
        objects.set(batchId, ["planned"]);
        return { name: batchId };
      },
    }),
    fails: ["plans the same batch alike"],
  },
  {
    what: "writes the others of a batch whose refused records it returns",
    make: (objects) => {
      const sound = objectEmitter(objects);
      return {
        ...sound,
        emit: async (batch, context) => {
          const { failed } = await sound.emit(batch, context);
          const out = new Set(failed.map(({ entry }) => entry));
          const others = batch.entries.filter((entry) => !out.has(entry));
          await sound.emit({ ...batch, entries: others }, context);
          return { failed };
        },
      };
    },
    fails: ["names all refused records of a planned batch before it writes anything"],
  },
  {
    what: "stops at the first record that it refuses",
    make: (objects) => {
      const sound = objectEmitter(objects);
      return {
        ...sound,
        emit: async (batch, context) => {
          const { failed } = await sound.emit(batch, context);
          return { failed: failed.slice(0, 1) };
        },
      };
    },
    fails: ["names all refused records of a planned batch before it writes anything"],
  },
  {
    what: "appends to its object when the batch comes again",
    make: (objects) => {
      const sound = objectEmitter(objects);
      return {
        ...sound,
        emit: async (batch, context) => {
          const before = objects.get(context.plan.name) ?? [];
          objects.delete(context.plan.name);
          const result = await sound.emit(batch, context);
          if (before.length > 0)
            objects.set(context.plan.name, [...before, ...(objects.get(context.plan.name) ?? [])]);
          return result;
        },
      };
    },
    fails: ["emitting the same batch again changes nothing"],
  },
  {
    what: "never finds a batch written",
    make: (objects) => ({ ...objectEmitter(objects), isWritten: () => Promise.resolve(false) }),
    fails: ["tells the next owner whether a planned batch is written"],
  },
  {
    what: "finds every batch written",
    make: (objects) => ({ ...objectEmitter(objects), isWritten: () => Promise.resolve(true) }),
    fails: ["tells the next owner whether a planned batch is written"],
  },
];

describe("the contract finds a planned emitter", () => {
  for (const { what, make, fails } of broken) {
    it(`that ${what}`, async () => {
      const tests = collectTests();
      describeEmitterContract(objectContract(tests.functions, make));
      const failed = [...(await tests.failures()).keys()];
      for (const name of fails) expect(failed).toContainEqual(expect.stringMatching(new RegExp(`^${name}`)));
    });
  }
});

describe("a contract", () => {
  it("says in the name of its suite what it leaves out, and why", () => {
    const tests = collectTests();
    describeEmitterContract(objectContract(tests.functions));
    expect(tests.suites).toEqual([
      "objectEmitter keeps the contract of emitters, without versions (objects are never replaced), throttle (memory has no requests), " +
        "throttleEntries (memory has no requests), outage (memory has no requests), replyLost (memory has no requests), " +
        "credentials (memory has no requests), stall (memory has no requests), limits (memory has no requests)",
    ]);
  });

  it("defines the caller's own tests inside of the suite", () => {
    const tests = collectTests();
    const { functions } = tests;
    describeEmitterContract({
      ...objectContract(functions),
      additional: () => functions.it("is peculiar", () => Promise.resolve()),
    });
    expect(tests.names().at(-1)).toBe("is peculiar");
  });

  it("that contradicts itself is refused", () => {
    const sound = objectContract(collectTests().functions);
    const { capabilities } = sound;
    expect(() =>
      describeEmitterContract({ ...sound, capabilities: { ...capabilities, keeps: "state" } }),
    ).toThrow(/give versions/);
    expect(() => describeEmitterContract({ ...sound, versions: () => 1 })).toThrow(/leave versions out/);
    const limits = {
      maxRequestRecords: 1,
      maxRequestBytes: 2,
      maxRecordBytes: inMemory,
      outputOfBytes: inMemory,
      requests: inMemory,
    };
    expect(() => describeEmitterContract({ ...sound, limits })).toThrow(/outputOfBytes/);
  });

  it("closes and disposes of what a test worked with, also when the test fails", async () => {
    const tests = collectTests();
    const sound = objectContract(tests.functions);
    const ended: string[] = [];
    describeEmitterContract({
      ...sound,
      create: async () => {
        const setup = await sound.create();
        const emit = (): Promise<never> => Promise.reject(new Error("broken"));
        const close = (): Promise<void> => {
          ended.push("close");
          return Promise.resolve();
        };
        return {
          ...setup,
          emitter: { ...setup.emitter, emit, close },
          [Symbol.asyncDispose]: () => {
            ended.push("dispose");
            return Promise.resolve();
          },
        };
      },
    });
    expect((await tests.failures()).size).toBeGreaterThan(5);
    expect(ended.filter((what) => what === "dispose")).toHaveLength(tests.names().length);
  });
});
