import { describe, expect, it } from "vitest";
import {
  decodeWith,
  definePipeline,
  hasCode,
  json,
  jsonLines,
  KinesisConnectorError,
  type KinesisRecord,
  type StandardSchema,
} from "../../src/index.js";
import { recordsOf } from "../support/memory-shard.js";
import { createWorld, runIn } from "../support/world.js";

type Issues = readonly {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { key: PropertyKey })[];
}[];

/** A schema by hand, as zod, valibot and ArkType have one each. */
const schemaOf = <Output>(validate: (value: unknown) => Output | Issues): StandardSchema<Output> => ({
  "~standard": {
    version: 1,
    vendor: "by-hand",
    validate: (value) => {
      const made = validate(value);
      return Array.isArray(made) ? { issues: made as Issues } : { value: made as Output };
    },
  },
});
const positive = schemaOf<{ total: number }>((value) => {
  const total = (value as { total?: unknown } | null)?.total;
  return typeof total === "number" && total > 0
    ? { total }
    : [{ message: `4111 is no total: ${String(total)}`, path: ["items", 0, { key: "total" }] }];
});
const recordWith = (data: string): KinesisRecord => recordsOf(1, () => data)[0]!;
const failureOf = async (run: () => unknown): Promise<Error> => {
  try {
    await run();
  } catch (thrown) {
    expect(hasCode(thrown, "KC_RECORD_POISON")).toBe(true);
    return thrown as Error;
  }
  throw new Error("nothing was thrown");
};

describe("checked()", () => {
  it("goes on with what the schema makes of a model", () => {
    const checked = json().checked(positive);
    expect(checked.toModel(recordWith('{"total":5,"other":true}'))).toEqual([{ total: 5 }]);
  });

  it("names the place at fault, and neither the value nor what the schema says of it", async () => {
    const error = await failureOf(() => json().checked(positive).toModel(recordWith('{"total":-4111}')));
    expect(error.message).toBe("the model is not as the schema (by-hand) says, at items[0].total");
    expect(`${error.stack} ${String(error.cause)}`).not.toContain("4111");
  });

  it.each(["at once", "later"])(
    "leaves an outage of what a schema asks an outage, thrown %s: the record is tried again, and is no dead letter",
    async (when) => {
      const world = createWorld<{ total: number }>(recordsOf(3, (index) => `{"total":${index + 1}}`));
      world.shard.close();
      let asked = 0;
      const away = (): never => {
        throw new KinesisConnectorError("KC_LOOKUP_FAILED", "the prices are away");
      };
      const asking = schemaOf<{ total: number }>((value) => value as { total: number });
      const validate = (value: unknown) => {
        asked += 1;
        if (asked > 2) return asking["~standard"].validate(value);
        return when === "at once" ? away() : Promise.resolve().then(away);
      };
      const pipeline = definePipeline({
        transformer: json().checked({ "~standard": { ...asking["~standard"], validate } }),
        emitter: world.planned(),
        deadLetters: world.deadLetters(),
      });
      await world.clock.run(runIn(world, pipeline).done);
      expect(world.objects.entries.map(({ output }) => output.total)).toEqual([1, 2, 3]);
      expect(world.letters.entries).toEqual([]);
    },
  );

  it("shortens names of members, which a producer may have chosen, and quotes what is no name", async () => {
    const hostile = schemaOf(() => [
      { message: "m", path: ["a".repeat(100)] },
      { message: "m", path: ["line\nend"] },
      { message: "m" },
      { message: "m", path: ["d"] },
      { message: "m", path: ["e"] },
    ]);
    const error = await failureOf(() => json().checked(hostile).toModel(recordWith("1")));
    expect(error.message).toBe(
      `the model is not as the schema (by-hand) says, at "${"a".repeat(40)}...", "line\\nend", its top and 2 more`.replace(
        `"${"a".repeat(40)}..."`,
        `${"a".repeat(40)}...`,
      ),
    );
  });

  it("makes a record poison as a whole when one of its models is not right, and says which", async () => {
    const lines = jsonLines().checked(positive);
    expect(lines.toModel(recordWith('{"total":1}{"total":2}'))).toEqual([{ total: 1 }, { total: 2 }]);
    const error = await failureOf(() => lines.toModel(recordWith('{"total":1}{"total":0}{"total":2}')));
    expect(error.message).toContain("model 1 of the record");
  });

  it("waits for a schema that answers with a promise, and keeps the order", async () => {
    const slow: StandardSchema<number> = {
      "~standard": {
        version: 1,
        vendor: "slow",
        validate: async (value) => {
          await Promise.resolve();
          return value === 13 ? { issues: [{ message: "13" }] } : { value: Number(value) * 2 };
        },
      },
    };
    const lines = jsonLines().checked(slow);
    expect(await lines.toModel(recordWith("1\n2\n3"))).toEqual([2, 4, 6]);
    expect((await failureOf(() => lines.toModel(recordWith("1\n13\n3")))).message).toContain("model 1");
  });

  it("makes poison of what a schema throws or rejects with, without its words", async () => {
    for (const validate of [
      () => {
        throw new RangeError("4111");
      },
      () => Promise.reject(new RangeError("4111")),
    ]) {
      const schema: StandardSchema = { "~standard": { version: 1, vendor: "v", validate } };
      const error = await failureOf(() => json().checked(schema).toModel(recordWith("1")));
      expect(error.message).toBe("the schema (v) threw RangeError over the model");
    }
  });

  it("keeps a model that the schema makes an array or undefined of as one model", () => {
    expect(
      json()
        .checked(schemaOf(() => undefined))
        .toModel(recordWith("1")),
    ).toEqual([undefined]);
    const pair: StandardSchema<number[]> = {
      "~standard": { version: 1, vendor: "v", validate: () => ({ value: [1, 2] }) },
    };
    expect(json().checked(pair).toModel(recordWith("[1,2]"))).toEqual([[1, 2]]);
  });

  it("checks what comes out of a decoder of one's own, a promise of it too", async () => {
    const own = decodeWith(() => Promise.resolve({ total: 3 })).checked(positive);
    expect(await own.toModel(recordWith(""))).toEqual([{ total: 3 }]);
    expect(
      await decodeWith(() => undefined)
        .checked(positive)
        .toModel(recordWith("")),
    ).toEqual([]);
  });

  it.each([undefined, null, {}, { "~standard": {} }, () => true])(
    "refuses %j, which is no schema",
    (given) => {
      expect(() => json().checked(given as never)).toThrow(
        expect.objectContaining({ code: "KC_OPTION_INVALID", message: expect.stringContaining("zod") }),
      );
    },
  );

  it("passes the producer's bytes on with original(), behind the check", async () => {
    const data = ['{"total": 1.0}', '{"total":0}', '{"total":2}'];
    const world = createWorld<Uint8Array>(recordsOf(3, (index) => data[index]!));
    world.shard.close();
    const pipeline = definePipeline({
      transformer: json().checked(positive).original(),
      filter: ({ total }) => total > 0,
      emitter: world.planned(),
      deadLetters: world.deadLetters(),
    });
    await world.clock.run(runIn(world, pipeline).done);
    expect(world.objects.entries.map(({ output }) => new TextDecoder().decode(output))).toEqual([
      data[0],
      data[2],
    ]);
    expect(world.letters.entries).toHaveLength(1);
  });
});
