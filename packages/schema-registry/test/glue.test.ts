import { readdirSync, readFileSync } from "node:fs";
import { deflateSync } from "node:zlib";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { bytes, json, type KinesisRecord } from "@kinesis-connectors/core";
import { recordsOf, virtualClock } from "@kinesis-connectors/testkit";
import { glueRecords, type GlueRecordsOptions } from "../src/index.js";
import { GLUE_HEADER_BYTES } from "../src/limits.js";
import { decode, failureOf, FORMATS, meant, recordOf, refusalOf } from "./support/decoding.js";
import { damaged, expectRead, expectReadSoon } from "./support/expectations.js";
import {
  type Answer,
  type FakeRegistry,
  fixturesIn,
  glueAnswers,
  startFakeRegistry,
} from "./support/fake-registry.js";

const fixtures = fixturesIn("glue.json");
const dataOf = (index: number): Buffer => Buffer.from(fixtures[index]!.data, "hex");

let registry: FakeRegistry;
beforeEach(async () => {
  registry = await startFakeRegistry(glueAnswers(fixtures));
});
afterEach(async () => {
  await registry.close();
});

const transformerOf = (options: Partial<GlueRecordsOptions<unknown>> = {}) =>
  glueRecords({
    region: "eu-central-1",
    endpoint: registry.url,
    credentials: { accessKeyId: "a", secretAccessKey: "b" },
    formats: FORMATS,
    ...options,
  });

/** Bytes behind a header of a fixture's id. */
const framed = (compression: number, content: Uint8Array, index = 1): Buffer =>
  Buffer.concat([Buffer.from([3, compression]), dataOf(index).subarray(2, 18), content]);

describe("records of the Glue Schema Registry", () => {
  it("that Glue's serializer for Java wrote are read, of every format, compressed or not, each schema asked for once", async () => {
    await expectRead(transformerOf(), fixtures);
    expect(fixtures.map(({ type }) => type)).toEqual(expect.arrayContaining(["AVRO", "JSON", "PROTOBUF"]));
    expect(registry.asked.length).toBe(fixtures.length);
    // S01: each operation takes the right of its own name (Service Authorization Reference, "Actions for AWS Glue").
    const called = registry.asked.map(({ headers }) =>
      String(headers["x-amz-target"]).replace(/^AWSGlue\./, "glue:"),
    );
    const policy = readFileSync(new URL("../iam/glue-policy.json", import.meta.url), "utf8");
    const granted = [...policy.matchAll(/"([a-z]+:\w+)"/g)].map(([, right]) => right);
    expect([...new Set(called)]).toEqual(granted);
  });

  it("may lie in a page, whose memory the models do without", async () => {
    const transformer = transformerOf();
    for (const [index, fixture] of fixtures.entries()) {
      await decode(transformer, dataOf(index));
      const page = Buffer.alloc(500, 0xff);
      const data = dataOf(index);
      data.copy(page, 100);
      const inPage = { ...recordOf(data), page, dataStart: 100, dataEnd: 100 + data.length };
      const model = transformer.toModel(inPage);
      page.fill(0);
      expect({ ...(model as object) }).toMatchObject(meant(fixture));
    }
  });

  it("have data that may be kept: their page is told that it is not free", async () => {
    const index = fixtures.findIndex(({ type }) => type === "JSON");
    const transformer = transformerOf({ formats: { JSON: () => bytes() } });
    const data = dataOf(index);
    let isKept = false;
    const record: KinesisRecord = {
      ...recordOf(data),
      page: data,
      dataStart: 0,
      dataEnd: data.length,
      get data() {
        isKept = true;
        return data;
      },
    };
    isKept = false;
    await transformer.toModel(record);
    expect(isKept).toBe(true);
  });

  it("that arrive together before the first answer ask once", async () => {
    const transformer = transformerOf();
    const models = recordsOf([dataOf(0), dataOf(0), dataOf(0)]).map((record) => transformer.toModel(record));
    await Promise.all(models);
    expect(registry.asked.length).toBe(1);
  });

  it("of an id that is not there are poison, and the id is asked for again after a minute", async () => {
    const clock = virtualClock();
    const transformer = transformerOf({ clock });
    const data = dataOf(0);
    data[17] = 0xff;
    expect(await failureOf(transformer, data)).toMatchObject({
      code: "KC_RECORD_POISON",
      message: "the record's schema b7b4a7f0-9c96-4e4a-a687-fb5de9ef00ff is not in the registry",
    });
    expect(() => decode(transformer, data)).toThrow("not in the registry");
    await clock.advance(59_000);
    expect(() => decode(transformer, data)).toThrow("not in the registry");
    expect(registry.asked.length).toBe(1);
    await clock.advance(2_000);
    registry.answer = glueAnswers([{ ...fixtures[0]!, id: "b7b4a7f0-9c96-4e4a-a687-fb5de9ef00ff" }]);
    expect({ ...((await decode(transformer, data)) as object) }).toMatchObject(meant(fixtures[0]!));
  });

  it("of many ids that are not there take bounded memory", async () => {
    const { SchemaLookups } = await import("../src/schema-lookups.js");
    const lookups = new SchemaLookups<number, unknown>(
      { ask: () => Promise.resolve(undefined), shown: String },
      () => () => undefined,
      virtualClock(),
    );
    for (let key = 0; key < 10_100; key += 1)
      await expect(lookups.find(key)).rejects.toMatchObject({ code: "KC_RECORD_POISON" });
    // The oldest are forgotten, and asked for anew; the youngest are remembered.
    expect(lookups.find(0)).toBeInstanceOf(Promise);
    await expect(lookups.find(0)).rejects.toThrow("not in the registry");
    expect(() => lookups.find(10_099)).toThrow("not in the registry");
  });

  it.each<[string, Uint8Array, string]>([
    ["shorter than the header", Buffer.from([3, 0, 1]), "do not begin with a header"],
    ["of plain JSON", Buffer.from('{"id":5,"name":"a plain document"}'), "do not begin with a header"],
    ["of another compression", Buffer.concat([Buffer.from([3, 1]), Buffer.alloc(20)]), "0x00 or 0x05"],
  ])("%s are poison without a look-up of what is not there", async (_name, data, message) => {
    const transformer = transformerOf({ formats: { JSON: () => json() } });
    registry.answer = () => ({ status: 200, body: { SchemaDefinition: "{}", DataFormat: "JSON" } });
    expect(await failureOf(transformer, data)).toMatchObject({
      code: "KC_RECORD_POISON",
      message: expect.stringContaining(message),
    });
  });

  it("whose compressed bytes are a bomb, cut off, damaged or followed by others are poison", async () => {
    const transformer = transformerOf({ maxBytes: 1_000_000 });
    const whole = deflateSync('{"id":5}');
    expect(await decode(transformer, framed(5, whole))).toEqual({ id: 5 });
    const bomb = deflateSync(Buffer.alloc(100_000_000, 0x20));
    expect((await failureOf(transformer, framed(5, bomb))).message).toContain(
      "more than 1000000 inflated (maxBytes)",
    );
    for (let length = 0; length < whole.length; length += 1)
      expect((await failureOf(transformer, framed(5, whole.subarray(0, length)))).message).toContain(
        "no whole zlib stream",
      );
    expect((await failureOf(transformer, framed(5, Buffer.concat([whole, whole])))).message).toContain(
      "go on behind the end",
    );
  });

  it("of a format without a decoder, or of a message without one, are poison", async () => {
    const transformer = transformerOf({ formats: { PROTOBUF: { "shop.Refund": json() } } });
    const order = fixtures.findIndex(({ name, type }) => type === "PROTOBUF" && name === "shop.Order");
    expect((await failureOf(transformer, dataOf(0))).message).toBe(
      "the record's schema b7b4a7f0-9c96-4e4a-a687-fb5de9ef0001 is AVRO, for which formats has no decoder",
    );
    expect((await failureOf(transformer, dataOf(order))).message).toBe(
      "the record is a message shop.Order, for which formats.PROTOBUF has no decoder",
    );
    const beyond = dataOf(order);
    beyond[18] = 0x7f;
    expect((await failureOf(transformer, beyond)).message).toContain("leads to no message");
  });

  it("of a schema that cannot be used are poison, which names the reason, and do not ask again", async () => {
    registry.answer = glueAnswers([{ ...fixtures[0]!, schema: '{"type":"record"}' }]);
    const transformer = transformerOf();
    for (let time = 0; time < 3; time += 1)
      expect(await failureOf(transformer, dataOf(0))).toMatchObject({
        code: "KC_RECORD_POISON",
        message: expect.stringMatching(/schema b7b4.* cannot be used: avro: schema is no Avro schema/),
      });
    expect(registry.asked.length).toBe(1);
  });

  it("are a model or poison, whatever they are", async () => {
    const transformer = transformerOf();
    for (const index of fixtures.keys()) await decode(transformer, dataOf(index));
    fc.assert(
      fc.property(damaged(fixtures, GLUE_HEADER_BYTES), (data) => {
        expect(["none", "KC_RECORD_POISON"]).toContain(refusalOf(transformer, data)?.code ?? "none");
      }),
      { numRuns: 3000 },
    );
  });
});

describe("a Glue Schema Registry", () => {
  const failed = (__type: string, status = 400): Answer => ({ status, body: { __type, Message: "no" } });

  it.each<[string, Answer]>([
    ["throttles", failed("ThrottlingException")],
    ["has no capacity", failed("ResourceNumberLimitExceededException")],
    ["times out inside", failed("OperationTimeoutException")],
    ["fails inside", failed("InternalServiceException", 500)],
    ["is behind a balancer that finds no host", { status: 503, body: "<html>no healthy upstream</html>" }],
    ["breaks the connection off", "reset"],
    ["does not answer in time", "silence"],
    ["answers with something else", { status: 200, body: "<html>sign in</html>" }],
    ["answers without a definition", { status: 200, body: { DataFormat: "AVRO" } }],
    [
      "answers with a format that there is none of",
      { status: 200, body: { SchemaDefinition: "x", DataFormat: "XML" } },
    ],
    [
      "answers about another version",
      {
        status: 200,
        body: {
          SchemaVersionId: "b7b4a7f0-9c96-4e4a-a687-000000000000",
          SchemaDefinition: "x",
          DataFormat: "AVRO",
        },
      },
    ],
    [
      "is still checking the version",
      { status: 200, body: { SchemaDefinition: "x", DataFormat: "AVRO", Status: "PENDING" } },
    ],
  ])("that %s is asked again, and its record is not poison", async (_name, answer) => {
    const transformer = transformerOf({ requestTimeoutMs: 300 });
    const sound = registry.answer;
    registry.answer = () => answer;
    const error = await failureOf(transformer, dataOf(0));
    expect(error).toMatchObject({
      code: "KC_LOOKUP_FAILED",
      message: expect.stringContaining("b7b4a7f0-9c96-4e4a-a687-fb5de9ef0001"),
    });
    registry.answer = sound;
    await expectReadSoon(transformer, fixtures[0]!);
  });

  it.each<[string, Answer, RegExp]>([
    [
      "gives no rights",
      failed("AccessDeniedException"),
      /grant glue:GetSchemaVersion on all resources \(iam\/glue-policy\.json\)/,
    ],
    ["does not know the key", failed("UnrecognizedClientException"), /./],
    ["does not know the operation", failed("UnknownOperationException"), /see the code/],
  ])("that %s stops the shard, and names the cure", async (_name, answer, cure) => {
    registry.answer = () => answer;
    expect(await failureOf(transformerOf(), dataOf(0))).toMatchObject({
      code: "KC_LOOKUP_REFUSED",
      message: expect.stringMatching(cure),
    });
  });

  it("asks for what it is given, and keeps credentials out of its errors", async () => {
    registry.answer = () => failed("AccessDeniedException");
    const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "very-secret" };
    const error = await failureOf(transformerOf({ credentials }), dataOf(0));
    expect(JSON.stringify([error.message, String(error.cause), error.stack])).not.toMatch(
      /very-secret|AKIDEXAMPLE/,
    );
    expect(JSON.parse(registry.asked[0]!.body)).toEqual({
      SchemaVersionId: "b7b4a7f0-9c96-4e4a-a687-fb5de9ef0001",
    });
  });
});

it("the SDK's client of Glue is loaded with the first look-up, and not with the package", () => {
  const source = new URL("../src/", import.meta.url);
  const files = readdirSync(source, { recursive: true }).map(String);
  const imports = files
    .filter((name) => name.endsWith(".ts"))
    .flatMap((name) => readFileSync(new URL(name, source), "utf8").split("\n"))
    .filter((line) => line.includes('"@aws-sdk/client-glue"'))
    .map((line) => line.trim());
  expect(imports.filter((line) => !line.startsWith("import type"))).toEqual([
    'const { GetSchemaVersionCommand, GlueClient: Client } = await import("@aws-sdk/client-glue");',
  ]);
});

describe("options of glueRecords", () => {
  it.each<[object, RegExp]>([
    [{ formats: {} }, /one of AVRO, JSON and PROTOBUF/],
    [{ formats: { AVRO: "avro" } }, /formats\.AVRO takes a function/],
    [{ formats: { PROTOBUF: {} } }, /formats\.PROTOBUF takes decoders/],
    [{ maxBytes: 0 }, /maxBytes/],
    [{ requestTimeoutMs: -1 }, /requestTimeoutMs/],
    [{ endpoint: "http://example.com" }, /endpoint/],
    [{ region: "" }, /region/],
  ])("%j are refused at once", (options, message) => {
    expect(() => transformerOf(options)).toThrow(
      expect.objectContaining({ code: "KC_OPTION_INVALID", message: expect.stringMatching(message) }),
    );
  });
});
