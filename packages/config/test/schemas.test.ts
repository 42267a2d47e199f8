import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Ajv, type ValidateFunction } from "ajv";
import { parse } from "yaml";
import { beforeAll, describe, expect, it } from "vitest";
import { configSchema, fromProperties } from "../src/index.js";
import { problemsOf } from "./support/load.js";

const root = fileURLToPath(new URL("../../..", import.meta.url));

it("the schemas are what the types say", () => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, "apps/site/schemas/generate.mjs"), "--check"],
    { encoding: "utf8" },
  );
  expect(`${stderr}${stdout}`).toMatch(/^\d\d schemas, 0 of them stale$/m);
  expect(status).toBe(0);
});

/** Whole files in the code blocks of the documents. */
function documented(): readonly (readonly [place: string, text: string])[] {
  const documents = [
    "README.md",
    ...readdirSync(join(root, "docs")).map((name) => `docs/${name}`),
    ...readdirSync(join(root, "packages")).map((name) => `packages/${name}/README.md`),
  ].filter((path) => path.endsWith(".md") && existsSync(join(root, path)));
  return documents.flatMap((path) => {
    const text = readFileSync(join(root, path), "utf8");
    return [...text.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)]
      .map(([, block = ""]) => block)
      .filter((block) => /^version: 1$/m.test(block))
      .map((block, index) => [`${path} ${index + 1}`, block] as const);
  });
}

/** Files that the samples of the Java connectors become. */
function samples(): readonly (readonly [place: string, text: string])[] {
  const folder = fileURLToPath(new URL("properties", import.meta.url));
  return readdirSync(folder).flatMap((name) =>
    fromProperties(readFileSync(join(folder, name), "utf8").replaceAll(/\$\{\w+\}/g, "127.0.0.1")).files.map(
      ({ yaml }, index) => [`${name} ${index + 1}`, yaml] as const,
    ),
  );
}

describe("the schema for editors", () => {
  let validate: ValidateFunction;
  beforeAll(() => {
    validate = new Ajv({ allErrors: true, strict: false }).compile(configSchema());
  });
  const check = (text: string): readonly string[] => {
    const isValid = validate(parse(text));
    return isValid
      ? []
      : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
  };

  it("is found by tools under the name that files give", () => {
    expect(existsSync(join(root, "packages/config/schema.json"))).toBe(true);
  });

  it.each(documented())("takes the example of %s, and so does the loader", async (_, text) => {
    expect(check(text)).toEqual([]);
    // One with a default is left to it: it may stand for a number.
    const names = [...text.matchAll(/(?:\$\{|env: ?)([A-Z_]+)\b(?!:-)/g)].map(([, name = ""]) => name);
    const env = Object.fromEntries([
      ...names.map((name) => [name, "a-long-value-for-a-variable-of-the-docs"]),
      ["AWS_REGION", "eu-central-1"],
    ]);
    expect(await problemsOf(text, { env })).toEqual([]);
  });

  it.each(samples())("takes what becomes of %s", (_, text) => {
    expect(check(text)).toEqual([]);
  });

  it("finds the documents' examples at all", () => {
    expect(documented().length).toBeGreaterThan(1);
  });

  const GOOD = `version: 1
application: click-archive
source: { stream: clicks }
emitter: { type: s3, bucket: clicks, region: eu-central-1, format: { type: ndjson } }
`;

  it.each([
    ["an option of a destination that is none", "bucket: clicks", "bukcet: clicks"],
    ["an option of a format that is none", "type: ndjson", "type: raw, seperator: x"],
    ["a choice that is none", "bucket: clicks", "bucket: clicks, compression: gzzip"],
    ["a text in a number's place", "bucket: clicks", "bucket: clicks, partConcurrency: many"],
    ["a size that is none", "bucket: clicks", "bucket: clicks, partBytes: 5 megs"],
    ["a retrieval of no type", "stream: clicks", "stream: clicks, retrieval: { idlePollMs: 1 s }"],
    ["no emitter", "emitter:", "emiter:"],
    ["another version", "version: 1", "version: 2"],
    ["a filter of nothing", "source:", "filter: { path: x }\nsource:"],
    ["a condition that is none", "source:", "filter: { any: [{ path: x, equls: 1 }] }\nsource:"],
    [
      "a mode of another destination",
      "emitter: { type: s3",
      "deadLetters: { type: dynamodb, table: t, mode: putt }\nemitter: { type: s3",
    ],
    [
      "a choice that is none of a queue for dead letters",
      "emitter: { type: s3",
      'deadLetters: { type: sqs, queueUrl: "https://sqs.eu-central-1.amazonaws.com/1/q.fifo", deduplication: maybe }\nemitter: { type: s3',
    ],
    [
      "an option of a queue that is none, where objects are announced",
      "emitter: { type: s3",
      'announce: { type: sqs, queueUrl: "https://sqs.eu-central-1.amazonaws.com/1/q", grupId: { path: x } }\nemitter: { type: s3',
    ],
  ])("refuses %s, and so does the loader, once", async (_, from, to) => {
    expect(check(GOOD)).toEqual([]);
    const bad = GOOD.replace(from, to);
    expect(check(bad)).not.toEqual([]);
    expect(await problemsOf(bad)).toHaveLength(1);
  });

  it("lets variables stand for numbers, choices and switches", () => {
    const text = GOOD.replace(
      "bucket: clicks",
      'bucket: "${BUCKET}", partConcurrency: "${N:-4}", compression: "${C}", forcePathStyle: "${F}", partBytes: "${P}"',
    );
    expect(check(text)).toEqual([]);
  });

  it("says of every option of every destination what it is", () => {
    const { definitions } = configSchema() as {
      readonly definitions: Readonly<
        Record<string, { readonly properties?: Readonly<Record<string, object>> }>
      >;
    };
    const silent = Object.entries(definitions).flatMap(([type, { properties = {} }]) =>
      Object.entries(properties)
        .filter(([, node]) => !("description" in node) && !("$ref" in node))
        .map(([name]) => `${type}.${name}`),
    );
    // What the name says: the keys of conditions, and the value that tells a type.
    expect(
      silent.filter(
        (name) =>
          !/\.(type|mode|loads|decode|path|name|equals|in|exists|all|any|not|greaterThan|lessThan|startsWith)$/.test(
            name,
          ),
      ),
    ).toEqual([]);
  });
});
