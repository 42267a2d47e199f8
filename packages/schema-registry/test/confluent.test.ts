import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { confluentRecords, type ConfluentRecordsOptions } from "../src/index.js";
import { CONFLUENT_HEADER_BYTES } from "../src/limits.js";
import { decode, failureOf, FORMATS, meant, refusalOf } from "./support/decoding.js";
import { damaged, expectRead, expectReadSoon } from "./support/expectations.js";
import {
  type Answer,
  confluentAnswers,
  type FakeRegistry,
  fixturesIn,
  startFakeRegistry,
} from "./support/fake-registry.js";

const fixtures = fixturesIn("confluent.json");
const dataOf = (index: number): Buffer => Buffer.from(fixtures[index]!.data, "hex");
const [ORDER, REFUND] = [2, 3];

/** The registry's answers, in which Avro has no type. */
const schemas = Object.fromEntries(
  fixtures.map(({ id, type, schema }) => [
    `/schemas/ids/${id}`,
    type === "AVRO" ? { schema } : { schema, schemaType: type },
  ]),
);

let registry: FakeRegistry;
beforeEach(async () => {
  registry = await startFakeRegistry(confluentAnswers(schemas));
});
afterEach(async () => {
  await registry.close();
});

const transformerOf = (options: Partial<ConfluentRecordsOptions<unknown>> = {}) =>
  confluentRecords({ url: registry.url, formats: FORMATS, ...options });

describe("records of a Confluent schema registry", () => {
  it("that Confluent's serializers for Python wrote are read, of every format, each schema asked for once", async () => {
    await expectRead(transformerOf(), fixtures);
    expect(registry.asked.map(({ path }) => path)).toEqual(fixtures.map(({ id }) => `/schemas/ids/${id}`));
  });

  it("take Avro schemas that refer to others, each after those that it refers to itself", async () => {
    const named = (name: string, type: unknown): string =>
      JSON.stringify({ type: "record", name, fields: [{ name: "value", type }] });
    registry.answer = confluentAnswers({
      "/base/schemas/ids/7": {
        schema: named("shop.Order", "shop.Line"),
        references: [{ name: "shop.Line", subject: "line/value", version: 3 }],
      },
      "/base/subjects/line%2Fvalue/versions/3": {
        schema: named("shop.Line", "shop.Sku"),
        references: [{ name: "shop.Sku", subject: "sku", version: 1 }],
      },
      "/base/subjects/sku/versions/1": { schema: named("shop.Sku", "int") },
    });
    const transformer = transformerOf({ url: `${registry.url}/base/` });
    const model = await decode(transformer, Buffer.from([0, 0, 0, 0, 7, 8]));
    expect(JSON.stringify(model)).toBe('{"value":{"value":{"value":4}}}');
  });

  it.each<[string, readonly number[], string]>([
    ["no header", [0x7b, 0x22, 0, 0, 0, 0], "do not begin with a header"],
    ["a header that is cut off", [0, 0, 0, 1], "do not begin with a header"],
    ["no message index", [0, 0, 0, 0, 3], "message index is cut off"],
    ["an index of a message that there is none of", [0, 0, 0, 0, 3, 2, 0x7e], "leads to no message"],
    ["a path that goes on behind its last message", [0, 0, 0, 0, 3, 8, 0, 0, 0, 0], "leads to no message"],
    ["a path of a billion indexes", [0, 0, 0, 0, 3, 0xfe, 0xff, 0xff, 0xff, 7], "leads to no message"],
    ["a path of fewer than none", [0, 0, 0, 0, 3, 1], "leads to no message"],
    [
      "an index without an end",
      [0, 0, 0, 0, 3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
      "message index is cut off",
    ],
    ["an id that is not there", [0, 0xff, 0xff, 0xff, 0xff, 1], "schema 4294967295 is not in the registry"],
  ])("with %s are poison", async (_name, data, message) => {
    expect(await failureOf(transformerOf(), Buffer.from(data))).toMatchObject({
      code: "KC_RECORD_POISON",
      message: expect.stringContaining(message),
    });
  });

  it("have the first message of the file by a lone zero, by one index, or by a path", async () => {
    const transformer = transformerOf();
    const [header, content] = [dataOf(ORDER).subarray(0, 5), dataOf(ORDER).subarray(6)];
    for (const path of [[0], [2, 0]])
      expect(await decode(transformer, Buffer.concat([header, Buffer.from(path), content]))).toMatchObject(
        meant(fixtures[ORDER]!),
      );
    const refund = dataOf(REFUND);
    expect(await decode(transformer, refund)).toMatchObject(meant(fixtures[REFUND]!));
  });

  it("are a model or poison, whatever they are", async () => {
    const transformer = transformerOf();
    for (const index of fixtures.keys()) await decode(transformer, dataOf(index));
    fc.assert(
      fc.property(damaged(fixtures, CONFLUENT_HEADER_BYTES), (data) => {
        expect(["none", "KC_RECORD_POISON"]).toContain(refusalOf(transformer, data)?.code ?? "none");
      }),
      { numRuns: 3000 },
    );
  });
});

describe("a Confluent schema registry", () => {
  const circle = {
    status: 200,
    body: { schema: '"a"', references: [{ name: "a", subject: "a", version: 1 }] },
  };
  it.each<[string, Answer]>([
    ["throttles", { status: 429, body: { error_code: 429 } }],
    ["fails inside", { status: 500, body: { error_code: 50001 } }],
    ["is behind a balancer that finds no host", { status: 503, body: "<html>" }],
    ["breaks the connection off", "reset"],
    ["does not answer in time", "silence"],
    ["answers with something else", { status: 200, body: "<html>sign in</html>" }],
    ["answers without a schema", { status: 200, body: {} }],
    ["answers with a type that there is none of", { status: 200, body: { schema: "x", schemaType: "XML" } }],
    [
      "answers with references that are none",
      { status: 200, body: { schema: "x", references: [{ subject: 5 }] } },
    ],
    [
      "answers with a body that never ends where it says",
      { status: 200, body: "{", headers: { "content-length": "1000" } },
    ],
  ])("that %s is asked again, and its record is not poison", async (_name, answer) => {
    const transformer = transformerOf({ requestTimeoutMs: 300 });
    const sound = registry.answer;
    registry.answer = () => answer;
    expect(await failureOf(transformer, dataOf(0))).toMatchObject({ code: "KC_LOOKUP_FAILED" });
    registry.answer = sound;
    await expectReadSoon(transformer, fixtures[0]!);
  });

  it.each<[string, (asked: number) => Answer, string]>([
    [
      "to others without an end",
      (asked) => ({
        status: 200,
        body: { schema: '"a"', references: [{ name: "a", subject: "a", version: asked }] },
      }),
      "refers to more than 100 others",
    ],
    [
      "to one that is not there",
      (asked) => (asked === 1 ? circle : { status: 404, body: { error_code: 40401 } }),
      "refers to one that is not in the registry",
    ],
  ])(
    "whose schema refers %s makes its records poison, and is left in peace for a minute",
    async (_name, answer, message) => {
      registry.answer = () => answer(registry.asked.length);
      const transformer = transformerOf();
      expect((await failureOf(transformer, dataOf(0))).message).toContain(message);
      const { length } = registry.asked;
      expect(length).toBeLessThan(110);
      expect(() => decode(transformer, dataOf(0))).toThrow(message);
      expect(registry.asked.length).toBe(length);
    },
  );

  it("whose schemas refer to each other in a circle is read, and the schema is the reason", async () => {
    registry.answer = () => circle;
    expect(await failureOf(transformerOf(), dataOf(0))).toMatchObject({ code: "KC_RECORD_POISON" });
    expect(registry.asked.length).toBe(2);
  });

  it.each<[string, Answer, RegExp]>([
    ["asks for credentials", { status: 401, body: { error_code: 40101 } }, /correct `auth`/],
    ["gives no rights", { status: 403, body: { error_code: 40301 } }, /correct `auth`/],
    ["is none", { status: 404, body: "<html>not found</html>" }, /correct `url`/],
    [
      "leads elsewhere",
      { status: 302, body: "", headers: { location: "http://127.0.0.1:1/" } },
      /correct `url`/,
    ],
  ])("that %s stops the shard, and names the cure", async (_name, answer, cure) => {
    registry.answer = () => answer;
    expect(await failureOf(transformerOf(), dataOf(0))).toMatchObject({
      code: "KC_LOOKUP_REFUSED",
      message: expect.stringMatching(cure),
    });
  });

  it.each<[ConfluentRecordsOptions<unknown>["auth"], string]>([
    [{ username: "key", password: "secret" }, `Basic ${Buffer.from("key:secret").toString("base64")}`],
    [{ token: "token" }, "Bearer token"],
  ])("is given %j, which stands in no error", async (auth, header) => {
    registry.answer = () => ({ status: 403, body: {} });
    const error = await failureOf(transformerOf({ auth: auth! }), dataOf(0));
    expect(registry.asked[0]!.headers.authorization).toBe(header);
    expect(`${error.message}${error.stack}${String(error.cause)}`).not.toMatch(/secret|token/);
  });
});

describe("options of confluentRecords", () => {
  it.each<[object, RegExp]>([
    [{ formats: {} }, /one of AVRO, JSON and PROTOBUF/],
    [{ url: "http://schemas.example.com" }, /url/],
    [{ url: "https://user:password@example.com" }, /url must not hold credentials/],
    [{ url: "https://example.com?x=1" }, /url must not hold a query/],
    [{ auth: { username: "a" } }, /auth takes/],
    [{ auth: { username: "a", password: "b", token: "c" } }, /auth takes/],
    [{ requestTimeoutMs: 0 }, /requestTimeoutMs/],
  ])("%j are refused at once", (options, message) => {
    expect(() => transformerOf(options)).toThrow(
      expect.objectContaining({ code: "KC_OPTION_INVALID", message: expect.stringMatching(message) }),
    );
  });
});
