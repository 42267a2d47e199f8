import { describe, expect, it } from "vitest";
import {
  bytes,
  decodeWith,
  definePipeline,
  hasCode,
  json,
  type KinesisRecord,
  text,
  type Transformer,
} from "../../src/index.js";
import { transformRecord } from "../../src/engine/scan/transform.js";
import { recordsOf } from "../support/memory-shard.js";
import { createWorld, type Numbered, runIn } from "../support/world.js";

const recordWith = (data: string | Uint8Array): KinesisRecord => recordsOf(1, () => data)[0]!;
const outputsOf = <Model, Output>(
  transformer: Transformer<Model, Output>,
  data: string | Uint8Array,
  filter: (model: Model) => boolean = () => true,
): Output[] => {
  const outputs: Output[] = [];
  expect(transformRecord({ transformer, filter }, recordWith(data), outputs)).toBeUndefined();
  return outputs;
};
const thrownBy = (run: () => unknown): unknown => {
  try {
    run();
  } catch (thrown) {
    return thrown;
  }
  throw new Error("nothing was thrown");
};

describe("json()", () => {
  it.each(['{"a":1}', "null", "0", '""', "false", "[]", "[1,[2]]"])("decodes %s as one model", (document) => {
    expect(outputsOf(json(), document)).toEqual([JSON.parse(document)]);
  });

  it("F54 passes over a byte order mark and keeps NUL and lone surrogates that JSON escapes", () => {
    expect(outputsOf(json(), '\uFEFF{"a":1}')).toEqual([{ a: 1 }]);
    expect(outputsOf(json(), String.raw`"\u0000"`)).toEqual(["\u0000"]);
    const [surrogate] = outputsOf(json(), String.raw`"\ud800"`);
    expect(surrogate).toBe("\ud800");
    // What leaves as JSON again is well-formed text.
    expect(JSON.stringify(surrogate)).toBe(String.raw`"\ud800"`);
  });

  it("F54 refuses bytes that are not UTF-8, among them surrogates in UTF-8's clothes", () => {
    for (const data of [[0xff], [0x22, 0xed, 0xa0, 0x80, 0x22], [0x22, 0xc0, 0x80, 0x22]]) {
      expect(
        hasCode(
          thrownBy(() => outputsOf(json(), Uint8Array.from(data))),
          "KC_RECORD_POISON",
        ),
      ).toBe(true);
    }
  });

  it("F55 leaves prototypes untouched by __proto__ and constructor", () => {
    const [model] = outputsOf(
      json<object>(),
      '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}',
    );
    expect(Object.getPrototypeOf(model)).toBe(Object.prototype);
    expect(Object.hasOwn(model!, "__proto__")).toBe(true);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  it("S07 a thousand hostile payloads on their way through a pipeline leave Object.prototype unchanged", async () => {
    const untouched = Reflect.ownKeys(Object.prototype);
    const evil = '{"polluted":true,"toString":1,"n":-1}';
    const shapes = [
      `{"__proto__":${evil}}`,
      `{"constructor":{"prototype":${evil}}}`,
      `{"a":{"__proto__":{"__proto__":${evil}}}}`,
      `[{"__proto__":${evil}}]`,
      String.raw`{"__proto__":${evil}}`,
      `{"__proto__":[${evil}],"prototype":${evil},"hasOwnProperty":1,"toJSON":1,"then":1,"length":-1}`,
      `{"__proto__":null,"constructor":null}`,
    ];
    const world = createWorld<unknown>(
      recordsOf(1000, (index) => `${shapes[index % shapes.length]}${" ".repeat(index % 3)}`),
    );
    world.shard.close();
    const pipeline = definePipeline({
      transformer: json<object>().to((model): unknown => ({ ...model, seen: true })),
      buffer: { maxRecords: 100 },
      emitter: world.planned(),
    });
    await world.clock.run(runIn(world, pipeline).done);
    expect(world.objects.entries).toHaveLength(1000);
    expect(Reflect.ownKeys(Object.prototype)).toEqual(untouched);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    for (const { output } of world.objects.entries) {
      expect(Object.getPrototypeOf(output)).toBe(Object.prototype);
    }
  });

  it("F55 survives depth 10,000, 1e400 and duplicate keys", () => {
    const deep = `${"[".repeat(10_000)}${"]".repeat(10_000)}`;
    expect(outputsOf(json(), deep)).toHaveLength(1);
    expect(outputsOf(json(), "1e400")).toEqual([Number.POSITIVE_INFINITY]);
    expect(outputsOf(json(), '{"a":1,"a":2}')).toEqual([{ a: 2 }]);
  });

  it("keeps the record's data out of its errors", () => {
    const error = thrownBy(() => outputsOf(json(), '{"card":"4111 1111 1111 1111"')) as Error;
    expect(`${error.message} ${error.stack} ${String(error.cause)}`).not.toContain("4111");
    expect(hasCode(error, "KC_RECORD_POISON")).toBe(true);
  });

  it("hands on the producer's own bytes with original()", () => {
    const [output] = outputsOf(json().original(), '{ "n": 12345678901234567890 }');
    expect(new TextDecoder().decode(output)).toBe('{ "n": 12345678901234567890 }');
  });

  it("encodes each kept model with to()", () => {
    const transformer = json<Numbered>().to((model, record) => `${model.n}@${record.partitionKey}`);
    expect(outputsOf(transformer, '{"n":5}')).toEqual(["5@key-0"]);
  });
});

describe("text() and bytes()", () => {
  it("hand on text and bytes as they are", () => {
    expect(outputsOf(text(), "grüße\n")).toEqual(["grüße\n"]);
    expect(outputsOf(text(), "")).toEqual([""]);
    expect(outputsOf(bytes(), Uint8Array.of(0, 255))).toEqual([Uint8Array.of(0, 255)]);
  });

  it("F54 refuse what is not UTF-8 instead of replacing it, for text only", () => {
    expect(
      hasCode(
        thrownBy(() => outputsOf(text(), Uint8Array.of(0xc3))),
        "KC_RECORD_POISON",
      ),
    ).toBe(true);
    expect(outputsOf(bytes(), Uint8Array.of(0xc3))).toHaveLength(1);
  });
});

describe("transformRecord", () => {
  const several = decodeWith<number>((record) => {
    const count = Number(new TextDecoder().decode(record.data));
    return count < 0 ? undefined : Array.from({ length: count }, (_, index) => index);
  });

  it("F49 makes none, one or many outputs of a record, in order", () => {
    expect(outputsOf(several, "-1")).toEqual([]);
    expect(outputsOf(several, "0")).toEqual([]);
    expect(outputsOf(several, "1")).toEqual([0]);
    expect(outputsOf(several, "4")).toEqual([0, 1, 2, 3]);
    expect(outputsOf(several, "4", (model) => model % 2 === 1)).toEqual([1, 3]);
  });

  it("returns no promise for synchronous functions, and one as soon as any is asynchronous", async () => {
    const [record] = recordsOf(1);
    const transform = { transformer: json<Numbered>(), filter: () => true };
    expect(transformRecord(transform, record!, [])).toBeUndefined();
    expect(
      transformRecord({ ...transform, filter: () => Promise.resolve(true) }, record!, []),
    ).toBeInstanceOf(Promise);
    const outputs: Numbered[] = [];
    await transformRecord({ ...transform, filter: () => Promise.resolve(false) }, record!, outputs);
    expect(outputs).toEqual([]);
  });

  it("keeps the order of models when decoding, filter and encoding are asynchronous in turns", async () => {
    const outputs: string[] = [];
    await transformRecord(
      {
        transformer: {
          toModel: () => Promise.resolve([0, 1, 2, 3, 4]),
          fromModel: (model: number) => (model % 2 === 0 ? `${model}` : Promise.resolve(`${model}`)),
        },
        filter: (model: number) => (model === 3 ? Promise.resolve(false) : true),
      },
      recordsOf(1)[0]!,
      outputs,
    );
    expect(outputs).toEqual(["0", "1", "2", "4"]);
  });

  it("keeps the order of records when some take longer than others", async () => {
    const world = createWorld(recordsOf(20));
    world.shard.close();
    const transformer = json<Numbered>().to((model) =>
      model.n % 3 === 0
        ? model
        : new Promise<Numbered>((resolve) => {
            world.clock.setTimer(20 - model.n, () => resolve(model));
          }),
    );
    const run = runIn(
      world,
      definePipeline({ transformer, buffer: { maxRecords: 7 }, emitter: world.planned() }),
    );
    await world.clock.run(run.done);
    expect(world.objects.entries.map((entry) => entry.record)).toEqual(world.shard.records);
    expect(world.clock.pendingTimers).toBe(0);
  });

  it("counts the outputs of several models against the thresholds and never cuts between them", async () => {
    const world = createWorld<number>(recordsOf(6, (index) => `${index}`));
    world.shard.close();
    const run = runIn(
      world,
      definePipeline({ transformer: several, buffer: { maxRecords: 4 }, emitter: world.planned() }),
    );
    await world.clock.run(run.done);
    // Records 0..5 give as many outputs as their number says.
    expect(world.objects.sorted.map((object) => object.entries.length)).toEqual([3, 3, 4, 5]);
    expect(run.eventsOf("checkpoint-commit").map(({ read, filtered }) => [read, filtered])).toEqual([
      [3, 1],
      [1, 0],
      [1, 0],
      [1, 0],
    ]);
  });
});
