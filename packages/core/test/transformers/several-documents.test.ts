import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeWith, definePipeline, hasCode, json, jsonLines, type KinesisRecord } from "../../src/index.js";
import { recordsOf } from "../support/memory-shard.js";
import { createWorld, runIn } from "../support/world.js";

const recordWith = (data: string | Uint8Array): KinesisRecord => recordsOf(1, () => data)[0]!;
const poisonOf = (run: () => unknown): Error => {
  try {
    run();
  } catch (thrown) {
    expect(hasCode(thrown, "KC_RECORD_POISON")).toBe(true);
    return thrown as Error;
  }
  throw new Error("nothing was thrown");
};

describe("jsonLines()", () => {
  const read = (data: string | Uint8Array): unknown => jsonLines().toModel(recordWith(data));

  it.each([
    ['{"a":1}\n{"a":2}', [{ a: 1 }, { a: 2 }]],
    ['{"a":1}\r\n\r\n{"a":2}\r\n', [{ a: 1 }, { a: 2 }]],
    ['{"a":1}{"a":2}', [{ a: 1 }, { a: 2 }]],
    ['{"a":1} {"a":2}\n{"a":3}{"a":4}', [{ a: 1 }, { a: 2 }, { a: 3 }, { a: 4 }]],
    ['{\n  "a": "}{"\n}\n{\n  "a": "\\"}"\n}\n', [{ a: "}{" }, { a: '"}' }]],
    ['1 2\n"a""b"[1][2]null\ntrue', [1, 2, "a", "b", [1], [2], null, true]],
    ["\uFEFF[1]\n[2]", [[1], [2]]],
    [String.raw`"\\""a\\\""`, ["\\", 'a\\"']],
    ['{"a":1}', [{ a: 1 }]],
  ])("reads %j as documents in order", (data, documents) => {
    expect(read(data)).toEqual(documents);
  });

  it.each([
    '{"a":1}\n{"a":',
    '{"a":1}{"card":4111}}',
    '{"a":1},{"a":2}',
    '{"a":1}\n]',
    '{"a":1}\n"4111',
    "12 truefalse",
    "",
    " \n\t\n",
    "\uFEFF",
  ])("makes a record of %j poison as a whole, and keeps its data out of the error", (data) => {
    const error = poisonOf(() => read(data));
    expect(`${error.message} ${error.stack} ${String(error.cause)}`).not.toContain("4111");
  });

  it("keeps numbers digit for digit on request, in lines and back to back", () => {
    const lines = jsonLines<{ id: bigint }>({ numbers: "exact" });
    for (const between of ["\n", "", " "]) {
      const models = lines.toModel(
        recordWith(`{"id":9007199254740993}${between}{"id":18446744073709551615}${between}{"id":1}`),
      );
      expect(models).toEqual([
        { id: 9_007_199_254_740_993n },
        { id: 18_446_744_073_709_551_615n },
        { id: 1 },
      ]);
    }
  });

  it("finds the documents that were written, whatever they are and whatever stands between them", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.json(), fc.constantFrom("\n", " ", "\r\n", "\n\n", "\t")), { minLength: 1 }),
        (written) => {
          const data = written.map(([document, between]) => document + between).join("");
          expect(read(data)).toEqual(written.map(([document]) => JSON.parse(document) as unknown));
        },
      ),
    );
  });

  it("finds objects and arrays without anything between them", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.object(), fc.array(fc.jsonValue())), { minLength: 1 }), (written) => {
        const documents = written.map((document) => JSON.stringify(document));
        expect(read(documents.join(""))).toEqual(documents.map((text) => JSON.parse(text) as unknown));
      }),
    );
  });

  it("finds documents or poison in anything, and never fails otherwise", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (data) => {
        let outcome: unknown;
        try {
          outcome = read(data);
        } catch (thrown) {
          outcome = hasCode(thrown, "KC_RECORD_POISON") ? ["poison"] : thrown;
        }
        expect(outcome).toBeInstanceOf(Array);
      }),
    );
  });

  it("stays linear over a record of a MiB that is all quotes, backslashes or brackets", () => {
    for (const character of ['"', "\\", "[", "]", "{", '"\\'])
      expect(poisonOf(() => read(character.repeat((1024 * 1024) / character.length + 1)))).toBeInstanceOf(
        Error,
      );
  });
});

describe("json().each()", () => {
  it("makes one model of each element, also of elements that are arrays", () => {
    expect(json<number[]>().each().toModel(recordWith("[1,2,3]"))).toEqual([1, 2, 3]);
    expect(json<number[][]>().each().toModel(recordWith("[[1],[]]"))).toEqual([[1], []]);
    expect(json().each().toModel(recordWith("[]"))).toEqual([]);
  });

  it.each(['{"a":1}', "1", "null", '"[]"', "[1,", ""])("makes a record of %j poison", (data) => {
    expect(poisonOf(() => json().each().toModel(recordWith(data))).message).toContain("JSON");
  });

  it("keeps numbers digit for digit on request", () => {
    const each = json<bigint[]>({ numbers: "exact" }).each();
    expect(each.toModel(recordWith("[9007199254740993]"))).toEqual([9_007_199_254_740_993n]);
  });
});

describe("several documents in a record, on their way through a pipeline", () => {
  it("F49 a record whose third document is damaged becomes one dead letter with all its bytes, and none of its documents goes on", async () => {
    const data = ['{"n":1}\n{"n":2}', '{"n":3}{"n":4}\n{"n":', '{"n":5}'];
    const world = createWorld<{ n: number }>(recordsOf(3, (index) => data[index]!));
    world.shard.close();
    const pipeline = definePipeline({
      transformer: jsonLines<{ n: number }>(),
      emitter: world.planned(),
      deadLetters: world.deadLetters(),
    });
    await world.clock.run(runIn(world, pipeline).done);
    expect(world.objects.entries.map(({ output }) => output.n)).toEqual([1, 2, 5]);
    expect(world.letters.entries.map(({ output }) => Buffer.from(output.data, "base64").toString())).toEqual([
      data[1],
    ]);
  });
});

describe("decodeWith()", () => {
  it("gives a transformer of one's own the same ways on", () => {
    const upper = decodeWith((record) => new TextDecoder().decode(record.data).toUpperCase());
    expect(upper.to((model) => `${model}!`).toModel(recordWith("a"))).toBe("A");
  });
});
