import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { startConnector } from "@kinesis-connectors/consumer";
import { type LocalAws, startLocalAws } from "@kinesis-connectors/local";
import { afterEach, describe, expect, it, vi } from "vitest";
// Built, because packages are loaded by Node itself.
import { loadConfig, problemLine, validateConfig } from "../../dist/index.js";

const folders: string[] = [];

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A folder outside of the workspace. */
function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "kc-installed-"));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

/** The package of a destination as its users have it installed. */
function install(folder: string, name: string): void {
  const target = join(folder, "node_modules/@kinesis-connectors", name);
  mkdirSync(dirname(target), { recursive: true });
  symlinkSync(fileURLToPath(new URL(`../../../${name}`, import.meta.url)), target, "junction");
}

const HEAD = `version: 1
application: of-a-third-party
source: { stream: in }
buffer: { maxRecords: 40, maxAgeMs: 300 }
`;

/** A destination that somebody else publishes: it appends to a file, and knows nothing of this project's packages. */
const ACME = {
  "node_modules/@acme/kinesis-files/package.json": JSON.stringify({
    name: "@acme/kinesis-files",
    version: "3.2.1",
    type: "module",
    exports: { ".": "./index.js", "./config": { import: "./config.js" } },
  }),
  "node_modules/@acme/kinesis-files/index.js": `import { appendFileSync } from "node:fs";
export function fileEmitter({ path }) {
  return {
    capabilities: { duplicates: "possible", ordering: "shard" },
    emit: async ({ entries }) => {
      appendFileSync(path, entries.map(({ output }) => JSON.stringify(output) + "\\n").join(""));
      return { failed: [] };
    },
  };
}
`,
  "node_modules/@acme/kinesis-files/config.js": `import { fileEmitter } from "./index.js";
export const schema = {
  type: "object",
  required: ["type", "path"],
  properties: { type: {}, path: { type: "string" }, key: { type: "string", writeOnly: true } },
  additionalProperties: false,
};
export const create = ({ path }) => fileEmitter({ path });
`,
};

async function putInto(aws: LocalAws, count: number): Promise<readonly { n: number }[]> {
  for (const [variable, value] of Object.entries(aws.env)) vi.stubEnv(variable, value);
  aws.kinesis.createStream({ name: "in", shardCount: 2 });
  const records = Array.from({ length: count }, (_, n) => ({ n }));
  aws.kinesis.putRecords(
    "in",
    records.map((record) => ({ partitionKey: String(record.n), data: JSON.stringify(record) })),
  );
  return records;
}

const byNumber = (one: { n: number }, other: { n: number }): number => one.n - other.n;

it("a destination of a third party runs from a file without anything changed here", async () => {
  await using aws = await startLocalAws({ limits: "off" });
  const records = await putInto(aws, 100);
  const folder = folderOf(ACME);
  const out = join(folder, "out.ndjson");
  writeFileSync(out, "");
  const file = join(folder, "pipeline.yaml");
  writeFileSync(
    file,
    `${HEAD}filter: { path: n, lessThan: 90 }\nemitter: { type: "@acme/kinesis-files", path: ${JSON.stringify(out)} }\n`,
  );
  const { options } = await loadConfig(file);
  const connector = await startConnector(options);
  const written = (): { n: number }[] =>
    readFileSync(out, "utf8")
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as { n: number });
  await expect.poll(() => written().length).toBeGreaterThanOrEqual(90);
  await connector.stop();
  expect(written().toSorted(byNumber)).toEqual(records.slice(0, 90));
});

describe("the package of a type", () => {
  const problemsWith = async (
    emitter: string,
    files: Readonly<Record<string, string>> = {},
  ): Promise<readonly string[]> => {
    const folder = folderOf({ ...ACME, ...files, "pipeline.yaml": `${HEAD}emitter: ${emitter}\n` });
    const file = join(folder, "pipeline.yaml");
    return (await validateConfig(file, { env: {} })).map((problem) =>
      problemLine(problem).slice(file.length + 1),
    );
  };
  const packageOf = (
    name: string,
    more: object,
    config = "export const create = () => ({});",
  ): Record<string, string> => ({
    [`node_modules/${name}/package.json`]: JSON.stringify({
      name,
      version: "1.0.0",
      type: "module",
      ...more,
    }),
    [`node_modules/${name}/config.js`]: config,
    [`node_modules/${name}/index.js`]: "",
  });

  it("that is checked by its own schema", async () => {
    expect(await problemsWith('{ type: "@acme/kinesis-files", paht: x }')).toEqual([
      "5:41 emitter.paht is not an option of @acme/kinesis-files; did you mean path?",
    ]);
  });

  it("that is not installed is named, with the command", async () => {
    expect(await problemsWith("{ type: s3, bucket: b, format: { type: ndjson } }")).toEqual([
      "5:12 emitter.type names the package @kinesis-connectors/s3, which is not installed beside this file: npm install @kinesis-connectors/s3",
    ]);
    expect(await problemsWith("{ type: elasticbeans }")).toEqual([
      "5:12 emitter.type names the package @kinesis-connectors/elasticbeans, which is not installed beside this file: npm install @kinesis-connectors/elasticbeans",
    ]);
  });

  it("that is misspelt is named as it was probably meant", async () => {
    expect(await problemsWith("{ type: dynamo }")).toEqual([
      "5:12 emitter.type names no package that is installed; did you mean dynamodb?",
    ]);
  });

  it("that has no module for files is too old for them", async () => {
    expect(
      await problemsWith('{ type: "@acme/old" }', packageOf("@acme/old", { exports: { ".": "./index.js" } })),
    ).toEqual([
      "5:12 emitter.type names the package @acme/old, which is too old for configuration files, or was not made for them: npm install @acme/old@latest",
    ]);
  });

  it("that only happens to have a short name is not taken for one of ours", async () => {
    expect(await problemsWith("{ type: s3 }", packageOf("s3", { exports: { ".": "./index.js" } }))).toEqual([
      "5:12 emitter.type names the package @kinesis-connectors/s3, which is not installed beside this file: npm install @kinesis-connectors/s3",
    ]);
  });

  it("that has no create, or cannot be loaded, says so", async () => {
    const exports = { "./config": "./config.js" };
    expect(
      await problemsWith("{ type: acme-none }", packageOf("acme-none", { exports }, "export const x = 1;")),
    ).toEqual([
      "5:12 emitter.type names the package acme-none, whose module ./config has no function create",
    ]);
    expect(
      await problemsWith(
        "{ type: acme-broken }",
        packageOf("acme-broken", { exports }, 'throw new TypeError("CANARY");'),
      ),
    ).toEqual(["5:12 emitter.type names the package acme-broken, which cannot be loaded (TypeError)"]);
  });

  it.each(["../acme", "./acme", "/etc/acme", "acme/../../x", "node:fs", "file:///x"])(
    "is never a path: %s",
    async (type) => {
      expect(await problemsWith(`{ type: ${JSON.stringify(type)} }`)).toEqual([
        "5:12 emitter.type must be the name of a package",
      ]);
    },
  );
});

it("modules of the user's own are loaded from the file's folder", async () => {
  const folder = folderOf({
    ...ACME,
    "transform.mjs": `export default { toModel: (record) => JSON.parse(Buffer.from(record.data).toString()), fromModel: (model) => ({ twice: model.n * 2 }) };`,
    "filter.mjs": "export default (model) => model.n % 2 === 0;",
    "pipeline.yaml": `${HEAD}transform: { module: ./transform.mjs }\nfilter: { module: ./filter.mjs }\nemitter: { type: "@acme/kinesis-files", path: x }\n`,
    "broken.yaml": `${HEAD}transform: { module: ./none.mjs }\nfilter: { module: ./transform.mjs }\nemitter: { type: "@acme/kinesis-files", path: x }\n`,
  });
  const { options } = await loadConfig(join(folder, "pipeline.yaml"), { env: {} });
  const { pipeline } = options;
  if (typeof pipeline === "string" || pipeline instanceof URL) throw new Error("a pipeline was expected");
  const record = { data: Buffer.from('{"n":4}') } as never;
  const model = await pipeline.transformer.toModel(record);
  expect(await pipeline.filter(model, record)).toBe(true);
  expect(await pipeline.transformer.fromModel(model, record)).toEqual({ twice: 8 });
  expect(
    (await validateConfig(join(folder, "broken.yaml"), { env: {} })).map(({ message }) => message),
  ).toEqual([
    "transform.module names a file or package that is not there, or that imports one that is not",
    "filter.module must have a function as its default export",
  ]);
});

it.each(["kubernetes", "ecs"])("the file of deploy/%s has no problem", async (name) => {
  const file = new URL(`../../../../deploy/${name}/pipeline.yaml`, import.meta.url);
  const folder = folderOf({ "pipeline.yaml": readFileSync(file, "utf8") });
  install(folder, "s3");
  const problems = await validateConfig(join(folder, "pipeline.yaml"), { env: {} });
  expect(problems.map(problemLine)).toEqual([]);
});

it("a file with threads delivers each record once, each thread with emitters of its own", async () => {
  await using aws = await startLocalAws({ limits: "off", s3: { buckets: ["clicks"] } });
  const records = await putInto(aws, 300);
  const folder = folderOf({
    "pipeline.yaml": `${HEAD}threads: 2\nemitter: { type: s3, bucket: clicks, format: { type: ndjson } }\n`,
  });
  install(folder, "s3");
  const file = join(folder, "pipeline.yaml");
  expect((await validateConfig(file, { env: { ...process.env } })).map(problemLine)).toEqual([]);
  await expect(loadConfig(file, { env: { ...process.env } })).rejects.toThrow(
    "threads look up variables in the environment of the process",
  );
  const { options } = await loadConfig(file);
  expect(options.threads).toBe(2);
  const connector = await startConnector(options);
  const client = new S3Client(aws.clientOptions("s3"));
  const landed = async (): Promise<{ n: number }[]> => {
    const found: { n: number }[] = [];
    for (const { key } of aws.s3.objects("clicks")) {
      if (!key.endsWith(".ndjson")) continue;
      const { Body } = await client.send(new GetObjectCommand({ Bucket: "clicks", Key: key }));
      for (const line of ((await Body?.transformToString()) ?? "").split("\n").slice(0, -1))
        found.push(JSON.parse(line) as { n: number });
    }
    return found;
  };
  await expect.poll(async () => (await landed()).length).toBeGreaterThanOrEqual(300);
  await connector.stop();
  expect((await landed()).toSorted(byNumber)).toEqual(records);
  client.destroy();
});

it("a good file is found good without a word to anybody", async () => {
  const folder = folderOf({
    "pipeline.yaml": `${HEAD}emitter: { type: s3, bucket: clicks, region: eu-central-1, format: { type: ndjson } }\n`,
  });
  install(folder, "s3");
  const connect = vi.spyOn(Socket.prototype, "connect");
  expect(await validateConfig(join(folder, "pipeline.yaml"), { env: {} })).toEqual([]);
  expect(connect).not.toHaveBeenCalled();
});
