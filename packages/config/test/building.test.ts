import { gzipSync } from "node:zlib";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type KinesisRecord, type Pipeline, stringifyJson } from "@kinesis-connectors/core";
import { describe, expect, it } from "vitest";
import type { LoadedConfig } from "../src/index.js";
import { loadSource } from "../src/index.js";
import { fileOf, folderOf, load, problemsOf } from "./support/load.js";

const fileWith = (more: string): string => `version: 1
application: of-a-test
source: { stream: in, region: eu-central-1 }
emitter: { type: s3, bucket: clicks, region: eu-central-1, format: { type: ndjson } }
${more}`;

type AnyPipeline = Pipeline<unknown, unknown, unknown, unknown>;

function pipelineOf({ options }: LoadedConfig): AnyPipeline {
  const { pipeline } = options;
  if (typeof pipeline === "string" || pipeline instanceof URL) throw new Error("a pipeline was expected");
  return pipeline;
}

const record = (data: unknown): KinesisRecord => ({
  sequenceNumber: "1",
  subSequenceNumber: 0,
  partitionKey: "k",
  arrivalTimeMs: 0,
  data: Buffer.from(typeof data === "string" ? data : (stringifyJson(data) ?? "")),
});

describe("transform", () => {
  it("decodes JSON where nothing is said", async () => {
    const { transformer } = pipelineOf(await load(fileWith("")));
    const model = await transformer.toModel(record({ a: 1 }));
    expect(model).toEqual({ a: 1 });
    expect(await transformer.fromModel(model, record({}))).toEqual({ a: 1 });
  });

  it("many: each element of an array is a model of its own, an empty one is none, and an object is one", async () => {
    const { transformer } = pipelineOf(await load(fileWith("transform: { decode: json, many: true }")));
    expect(await transformer.toModel(record([{ a: 1 }, { a: 2 }, [3]]))).toEqual([{ a: 1 }, { a: 2 }, [3]]);
    expect(await transformer.toModel(record([]))).toEqual([]);
    expect(await transformer.toModel(record({ a: 1 }))).toEqual({ a: 1 });
  });

  it("without many an array is one model", async () => {
    const { transformer } = pipelineOf(await load(fileWith("transform: { decode: json }")));
    expect(await transformer.toModel(record([1, 2]))).toEqual([[1, 2]]);
  });

  it("output: original hands on the bytes, whatever was decoded", async () => {
    const { transformer } = pipelineOf(
      await load(fileWith("transform: { decode: json, output: original, numbers: exact }")),
    );
    const one = record('{ "a" : 12345678901234567890 }');
    const model = await transformer.toModel(one);
    expect(model).toEqual({ a: 12345678901234567890n });
    expect(await transformer.fromModel(model, one)).toBe(one.data);
  });

  it.each([
    ["text", "héllo", "héllo"],
    ["bytes", "x", new Uint8Array(Buffer.from("x"))],
  ])("decode: %s", async (decode, data, expected) => {
    const { transformer } = pipelineOf(await load(fileWith(`transform: { decode: ${decode} }`)));
    expect(await transformer.toModel(record(data))).toEqual(
      typeof expected === "string" ? expected : Buffer.from(expected),
    );
  });

  it("json-lines: each document is a model of its own, and a filter looks at its fields", async () => {
    const { transformer, filter } = pipelineOf(
      await load(
        fileWith("transform: { decode: json-lines, numbers: exact }\nfilter: { path: a, equals: 2 }"),
      ),
    );
    const models = await transformer.toModel(record('{"a":1}\n{"a":2}{"a":12345678901234567890}'));
    expect(models).toEqual([{ a: 1 }, { a: 2 }, { a: 12345678901234567890n }]);
    expect(await filter({ a: 2 }, record(""))).toBe(true);
  });

  it("compressed: what is compressed is inflated, up to its limit, and the original is what was compressed", async () => {
    const packed = { ...record(""), data: gzipSync('{"a":1}') };
    const { transformer } = pipelineOf(await load(fileWith("transform: { decode: json, compressed: true }")));
    expect(await transformer.toModel(packed)).toEqual({ a: 1 });
    expect(await transformer.toModel(record({ a: 2 }))).toEqual({ a: 2 });
    const limited = pipelineOf(
      await load(fileWith("transform: { decode: text, compressed: { maxBytes: 6 } }")),
    ).transformer;
    await expect((async () => await limited.toModel(packed))()).rejects.toThrow("maxBytes of compressed()");
    const original = pipelineOf(
      await load(fileWith("transform: { decode: json, compressed: true, output: original }")),
    ).transformer;
    expect(String(await original.fromModel(await original.toModel(packed), packed))).toBe('{"a":1}');
    const { transformer: plain } = pipelineOf(
      await load(fileWith("transform: { decode: text, compressed: false }")),
    );
    expect(() => plain.toModel(packed)).toThrow("not UTF-8");
  });

  it("transformConcurrency is that of the pipeline", async () => {
    expect(pipelineOf(await load(fileWith("transformConcurrency: 16")))).toMatchObject({
      transformConcurrency: 16,
    });
    expect(await problemsOf(fileWith("transformConcurrency: 0"))).toEqual([
      expect.stringContaining("transformConcurrency"),
    ]);
  });

  it("original beside many is refused at its place", async () => {
    expect(await problemsOf(fileWith("transform: { decode: json, many: true, output: original }"))).toEqual([
      "5:40 transform.output cannot be original beside many: each of a record's models would be the whole record; leave output out",
    ]);
  });
});

describe("filter", () => {
  const kept = async (condition: string, model: unknown): Promise<boolean> => {
    const { filter } = pipelineOf(await load(fileWith(`filter: ${condition}`)));
    return filter(model, record(model));
  };

  it.each([
    ["{ path: a, equals: 1 }", { a: 1 }, { a: "1" }],
    ["{ path: a, equals: null }", { a: null }, {}],
    ["{ path: a.b.0, equals: x }", { a: { b: ["x"] } }, { a: { b: "x" } }],
    ["{ path: [a.b], equals: x }", { "a.b": "x" }, { a: { b: "x" } }],
    ["{ path: a, in: [x, 2, true] }", { a: 2 }, { a: "2" }],
    ["{ path: a, in: [x, 2, true] }", { a: "x" }, { a: "y" }],
    ["{ path: a, exists: true }", { a: null }, { b: 1 }],
    ["{ path: a, exists: false }", { b: 1 }, { a: null }],
    ["{ path: a, greaterThan: 0 }", { a: 0.1 }, { a: "1" }],
    ["{ path: a, greaterThan: 0 }", { a: 5n }, { a: 0 }],
    ['{ path: at, greaterThan: "2026-01-01" }', { at: "2026-02-01" }, { at: "2025-12-31" }],
    ["{ path: a, lessThan: 10 }", { a: -5 }, { a: 10 }],
    ["{ path: a, startsWith: ab }", { a: "abc" }, { a: "bab" }],
    ["{ all: [{ path: a, exists: true }, { path: b, exists: true }] }", { a: 1, b: 1 }, { a: 1 }],
    ["{ any: [{ path: a, exists: true }, { path: b, exists: true }] }", { b: 1 }, { c: 1 }],
    ["{ not: { path: a, equals: x } }", { a: "y" }, { a: "x" }],
    ["{ path: a, equals: x }", { a: "x" }, [{ a: "x" }]],
    ["{ path: toString, exists: false }", {}, { toString: 1 }],
  ])("%s keeps one and drops the other", async (condition, one, other) => {
    expect([await kept(condition, one), await kept(condition, other)]).toEqual([true, false]);
  });

  it.each([
    [
      "{ path: __proto__.x, exists: true }",
      "filter.path must not have __proto__, constructor or prototype in it",
    ],
    ["{ path: a..b, exists: true }", "filter.path must name a field, such as country or user.country"],
    ["{ all: [] }", "filter.all must have at least one condition"],
    ["{ any: [{ path: a, in: [] }] }", "filter.any.0.in must have at least one value"],
    [
      "{ path: a }",
      "filter needs one of all, any, not, equals, in, exists, greaterThan, lessThan, startsWith, module",
    ],
    ["{ path: a, equals: 1, in: [2] }", "filter.in is not an option of filter; it has path, equals"],
    ["[]", "filter must be a mapping of options"],
  ])("%s is one problem", async (condition, message) => {
    const problems = await problemsOf(fileWith(`filter: ${condition}`));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(message);
  });

  it("by path over texts is refused: they have no fields", async () => {
    expect(await problemsOf(fileWith("transform: { decode: text }\nfilter: { path: a, equals: 1 }"))).toEqual(
      [
        "6:11 filter.path needs records with fields: transform.decode must be json or json-lines, but is text; or take a module",
      ],
    );
  });
});

describe("options that somebody else checks are problems at their place", () => {
  it.each([
    ["application: of-a-test", "application: of a test", "2:1 application names the lease table too"],
    ["stream: in", "stream: i/n", "3:11 source.stream must be a stream's name"],
    [
      "stream: in",
      "stream: in, initialPosition: { at: yesterday }",
      "3:42 source.initialPosition.at must be a moment with its zone",
    ],
    [
      "stream: in",
      'stream: in, initialPosition: { at: "2026-02-30T00:00:00Z" }',
      "3:42 source.initialPosition.at must be a moment with its zone",
    ],
    [
      "stream: in",
      "stream: in, retrieval: { type: polling, idlePollMs: 10 ms }",
      "3:51 source.retrieval.idlePollMs must be a whole number of at least 200",
    ],
    ["bucket: clicks", "bucket: s3://clicks", "4:22 emitter.bucket must be the bare name of a bucket"],
    [
      "format: { type: ndjson }",
      'format: { type: delimited, columns: [a], delimiter: "||" }',
      "delimiter must be one ASCII character",
    ],
    [
      "format: { type: ndjson }",
      "format: { type: ndjson }, compression: { type: gzip, level: 11 }",
      "gzip level must be a whole number from 1 to 9",
    ],
    [
      "emitter:",
      "buffer: { maxRecords: 0 }\nemitter:",
      "4:11 buffer.maxRecords must be a whole number of at least 1",
    ],
    [
      "emitter:",
      "leases: { failoverTimeMs: 1 ms }\nemitter:",
      "4:11 leases.failoverTimeMs must be a whole number from 300",
    ],
    [
      "emitter:",
      "onPoison: dead-letter\nemitter:",
      '4:1 onPoison is "dead-letter", but deadLetters names no emitter',
    ],
    [
      "emitter:",
      "announce: { type: kinesis, stream: s, region: eu-central-1, ordering: nonee }\nemitter:",
      "4:61 announce.ordering must be partition-key or none; did you mean none?",
    ],
  ])("%s -> %s", async (from, to, expected) => {
    const problems = await problemsOf(fileWith("").replace(from, to));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(expected);
  });

  it("and a destination that has nothing to announce says so", async () => {
    const text = `version: 1
application: of-a-test
source: { stream: in, region: eu-central-1 }
emitter: { type: dynamodb, table: t, region: eu-central-1 }
announce: { type: kinesis, stream: files, region: eu-central-1 }
`;
    expect(await problemsOf(text)).toEqual([
      "5:13 announce: the destination @kinesis-connectors/dynamodb has nothing to announce: leave announce out, or write to s3",
    ]);
  });
});

describe("a file that is no YAML", () => {
  it.each([
    ["a: [1, 2", "1:9 the indentation does not fit"],
    ["a: 1\na: 2", "2:1 this key is there twice: leave one of them"],
    ["a:\n\t- 1", "2:1 tabs cannot indent: use blanks"],
    ["a: *none", "1:1 an alias (*name) needs its anchor"],
    ["a: !!js/function x", "1:4 this tag (!) means nothing here"],
    ["a: 1\n---\nb: 2", "2:1 a file holds one connector"],
    ["", "1:1 the file must be a mapping of options"],
    ["- 1", "1:1 the file must be a mapping of options"],
    ["source: { stream: ${STREAM} }", "needs quotes"],
  ])("%j says where and what", async (text, expected) => {
    const problems = await problemsOf(text);
    expect(problems[0]).toContain(expected);
  });

  it("an alias that grows without end ends", async () => {
    const text = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
      .concat(Array.from({ length: 9 }, (_, n) => `a${n + 1}: &a${n + 1} [${`*a${n}, `.repeat(9)}*a${n}]`))
      .join("\n");
    const problems = await problemsOf(text);
    expect(problems.some((problem) => problem.includes("the file is too large"))).toBe(true);
  });

  it("an alias that leads back to itself, and nesting without end, are told once", async () => {
    const told = expect.stringContaining("is nested deeper than 100 levels") as unknown;
    expect(await problemsOf("filter: &f { all: [ *f ] }")).toContainEqual(told);
    expect(await problemsOf("a: &a [ *a, *a ]")).toContainEqual(told);
    const deep = `filter: ${"{not: ".repeat(300)}1${"}".repeat(300)}`;
    expect((await problemsOf(deep)).filter((problem) => problem.includes("deeper than"))).toHaveLength(1);
    // Deeper than the parser follows: a fault of each bracket is one of the file.
    const open = await problemsOf(`filter: ${"{not: ".repeat(20_000)}`);
    expect(open.length).toBeLessThan(25);
    expect(new Set(open).size).toBe(open.length);
  });

  it("a file that is too long to be one is not read", async () => {
    expect(await problemsOf(`application: ${"x".repeat(2 ** 20)}`)).toEqual([
      "1:1 the file is longer than 1 MiB: this is no file of a connector",
    ]);
  });

  it("a file that is not there, or not UTF-8", async () => {
    const folder = folderOf({});
    await expect(loadSource(join(folder, "none.yaml"))).rejects.toThrow(
      "none.yaml:1:1 there is no such file",
    );
    await expect(loadSource(folder)).rejects.toThrow("the file cannot be read (EISDIR)");
    writeFileSync(join(folder, "x.yaml"), Buffer.from([0x61, 0xff]));
    await expect(loadSource(join(folder, "x.yaml"))).rejects.toThrow("the file is not UTF-8");
  });
});

it("JSON is read as YAML is, with places", async () => {
  const text = `{
  "version": 1,
  "application": "of-a-test",
  "source": { "stream": "in", "region": "eu-central-1" },
  "emitter": { "type": "s3", "buket": "b", "region": "eu-central-1", "format": { "type": "ndjson" } }
}`;
  expect(await problemsOf(text)).toEqual(["5:30 emitter.buket is not an option of s3; did you mean bucket?"]);
  expect(await problemsOf(text.replace("buket", "bucket").replace('"b"', '"bucket"'))).toEqual([]);
});

it("loadSource says what commands need, and no destination has to be installed", async () => {
  const file = fileOf(`version: 1
application: of-a-test
source: { stream: in, region: eu-central-1, endpoints: { kinesis: "http://127.0.0.1:4567" } }
leases: { failoverTimeMs: 20 s }
emitter: { type: not-installed-anywhere, x: 1 }
admin: { port: 9999, token: { env: TOKEN } }
`);
  const source = await loadSource(file, { env: { TOKEN: "x".repeat(32) } });
  expect(source).toMatchObject({
    application: "of-a-test",
    leaseTable: "of-a-test",
    stream: "in",
    region: "eu-central-1",
    endpoints: { kinesis: "http://127.0.0.1:4567" },
    leases: { failoverTimeMs: 20_000 },
    admin: { port: 9999, token: "x".repeat(32) },
  });
  expect(JSON.stringify(source.redacted)).not.toContain("xxxx");
});
