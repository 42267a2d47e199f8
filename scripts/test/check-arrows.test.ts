import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { circlesOf } from "../check-arrows/circles.mjs";

const script = fileURLToPath(new URL("../check-arrows/run.mjs", import.meta.url));
const PACKAGES = ["core", "leases", "wire", "aws", "consumer", "s3", "redshift", "testkit", "local"];

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "arrows-"));
  for (const name of PACKAGES) manifest(`packages/${name}`, name);
  manifest("apps/demo", "app-demo");
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(path: string, text: string): void {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

function manifest(folder: string, name: string, more: object = {}): void {
  write(`${folder}/package.json`, JSON.stringify({ name: `@kinesis-connectors/${name}`, ...more }, null, 2));
}

/** Exit code and complaints of the check over the folder. */
function check(): { readonly status: number | null; readonly problems: readonly string[] } {
  const { status, stderr } = spawnSync(process.execPath, [script, root], { encoding: "utf8" });
  return { status, problems: stderr.split("\n").filter((line) => line !== "") };
}

describe("arrows between packages", () => {
  test("what may be imported is", () => {
    write("packages/consumer/src/index.ts", 'export { memoryLeases } from "@kinesis-connectors/leases";\n');
    write("packages/redshift/src/index.ts", 'import type { Format } from "@kinesis-connectors/s3";\n');
    write("packages/testkit/src/leases.ts", 'import type { Lease } from "@kinesis-connectors/leases";\n');
    write(
      "apps/demo/src/main.ts",
      'import "@kinesis-connectors/local";\nimport "@kinesis-connectors/consumer";\n',
    );
    expect(check()).toEqual({ status: 0, problems: [] });
  });

  test.each([
    ["a value", 'import { startConnector } from "@kinesis-connectors/consumer";'],
    ["a type", 'import type { Connector } from "@kinesis-connectors/consumer";'],
    ["several lines", 'import {\n  startConnector,\n} from "@kinesis-connectors/consumer";'],
    ["an effect", 'import "@kinesis-connectors/consumer";'],
    ["an export", 'export { startConnector } from "@kinesis-connectors/consumer";'],
    ["an export of all", 'export * from "@kinesis-connectors/consumer";'],
    ["a dynamic import", 'const late = await import("@kinesis-connectors/consumer");'],
    ["a type in place", 'type Late = import("@kinesis-connectors/consumer").Connector;'],
    ["a subpath", 'import { toUserRecords } from "@kinesis-connectors/consumer/reading";'],
  ])("core that imports the consumer is found: %s", (_, statement) => {
    write("packages/core/src/engine/replay.ts", `// a line before it\n${statement}\n`);
    const { status, problems } = check();
    expect(status).toBe(1);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain("the arrow core -> consumer breaks");
    const line = 2 + statement.slice(0, statement.indexOf("@kinesis")).split("\n").length - 1;
    expect(problems[0]).toContain(`packages/core/src/engine/replay.ts:${line}:`);
  });

  test.each([
    ["s3", "local"],
    ["s3", "consumer"],
    ["s3", "redshift"],
    ["consumer", "s3"],
    ["leases", "aws"],
    ["wire", "aws"],
    ["local", "core"],
    ["testkit", "consumer"],
    ["consumer", "app-demo"],
  ])("%s may not import %s", (from, to) => {
    write(`packages/${from}/src/index.ts`, `import "@kinesis-connectors/${to}";\n`);
    expect(check().status).toBe(1);
  });

  test("another driver imports the consumer by the paths that bring no connector process", () => {
    manifest("packages/lambda", "lambda");
    write(
      "packages/lambda/src/handler.ts",
      'import { toUserRecords } from "@kinesis-connectors/consumer/reading";\nconst late = await import("@kinesis-connectors/consumer/kinesis");\n',
    );
    expect(check()).toEqual({ status: 0, problems: [] });
    write("packages/lambda/src/late.ts", 'import type { Connector } from "@kinesis-connectors/consumer";\n');
    expect(check()).toEqual({
      status: 1,
      problems: [
        "packages/lambda/src/late.ts:1: lambda imports consumer by these paths alone: consumer/reading, consumer/user-records, consumer/dynamodb-leases, consumer/kinesis",
      ],
    });
  });

  test("a dependency is an arrow, one for development is none", () => {
    const local = { "@kinesis-connectors/local": "workspace:^" };
    manifest("packages/s3", "s3", { devDependencies: local });
    expect(check().status).toBe(0);
    manifest("packages/s3", "s3", { dependencies: local });
    expect(check().problems).toEqual([
      "packages/s3/package.json:4: the arrow s3 -> local breaks (dependencies): s3 may import core, leases, wire, aws",
    ]);
  });

  test("a path into another package is found", () => {
    write("packages/s3/src/index.ts", 'import { x } from "../../core/src/index.js";\n');
    expect(check().problems[0]).toContain("reaches out of packages/s3 by a path");
  });

  test("an example in a docstring is no import", () => {
    write(
      "packages/core/src/index.ts",
      '/**\n * import { s3Emitter } from "@kinesis-connectors/s3";\n * await import("@kinesis-connectors/s3");\n */\n',
    );
    expect(check().status).toBe(0);
  });
});

describe("arrows between the rooms of a package", () => {
  test.each([
    ["packages/core/src/pipeline.ts", "./engine/replay.js"],
    ["packages/core/src/transformers/built-in.ts", "../engine/replay.js"],
    ["packages/core/src/a-new-room/a.ts", "../engine/replay.js"],
    ["packages/consumer/src/kinesis/sdk-kinesis.ts", "../reading/polling-reader.js"],
    ["packages/consumer/src/worker/worker.ts", "../lease-table/lease-row.js"],
    ["packages/consumer/src/engines/threads/messages.ts", "../../options.js"],
    ["packages/consumer/src/reading/user-records.ts", "../engines/engines-of.js"],
  ])("%s may not import %s, not even its types", (file, specifier) => {
    write(file, `import type { X } from "${specifier}";\n`);
    const { status, problems } = check();
    expect(status).toBe(1);
    expect(problems[0]).toContain(`${file}:1:`);
    expect(problems[0]).toContain("the rooms are");
  });

  test("a new room of the consumer has to be given its place, one of core stands beside the top", () => {
    write("packages/core/src/pipeline.ts", 'import type { X } from "./guards/x.js";\n');
    write("packages/core/src/guards/x.ts", 'import type { Y } from "../emitter.js";\n');
    expect(check().status).toBe(0);
    write("packages/consumer/src/admin/x.ts", 'import type { Y } from "../kinesis/y.js";\n');
    expect(check().problems[0]).toContain("admin/ of consumer is no room yet");
  });

  test("a file beside src may be named by its path", () => {
    write("packages/s3/src/index.ts", 'import manifest from "../package.json";\n');
    expect(check()).toEqual({ status: 0, problems: [] });
  });

  test("a thread is started downwards", () => {
    write("packages/consumer/src/kinesis/a.ts", 'new Worker(new URL("../engines/b.js", import.meta.url));\n');
    expect(check().problems[0]).toContain("the arrow kinesis/ -> engines/ inside consumer breaks");
  });

  test("index imports from everywhere, and a room from those below it", () => {
    write("packages/core/src/index.ts", 'export { processShard } from "./engine/shard-processor.js";\n');
    write("packages/core/src/engine/replay.ts", 'import type { Batch } from "../batch.js";\n');
    write(
      "packages/consumer/src/engines/threads/messages.ts",
      'import type { X } from "../../kinesis/y.js";\n',
    );
    expect(check()).toEqual({ status: 0, problems: [] });
  });
});

describe("circles of imports", () => {
  test.each([
    ["a value", 'import { a } from "./a.js";'],
    ["a type", 'import type { A } from "./a.js";'],
    ["an export", 'export { a } from "./a.js";'],
    ["a dynamic import", 'const late = () => import("./a.js");'],
    ["a second one in its line", 'const both = [import("./c.js"), import("./a.js")];'],
    ["a type in place", 'type Late = import("./a.js").A;'],
    ["what a thread runs", 'new Worker(new URL("./a.js", import.meta.url));'],
  ])("one that %s closes is found, with its way", (_, statement) => {
    write("packages/s3/src/a.ts", '// a line before it\nimport { b } from "./b.js";\n');
    write("packages/s3/src/b.ts", `${statement}\n`);
    const [a, b] = ["a.ts", "b.ts"].map((name) => join(root, "packages/s3/src", name));
    expect(circlesOf([a, b])).toEqual([{ file: a, line: 2, circle: [a, b, a] }]);
  });

  test("a command that loads its work late, which takes its flags from it by way of a third file, is one", () => {
    write("packages/s3/src/command.ts", 'const late = () => import("./work/run.js");\n');
    write("packages/s3/src/work/run.ts", 'import { more } from "./more.js";\n');
    write("packages/s3/src/work/more.ts", 'import type { Flags } from "../command.js";\n');
    expect(check()).toEqual({
      status: 1,
      problems: [
        "packages/s3/src/command.ts:1: a circle of imports, packages/s3/src/command.ts -> packages/s3/src/work/run.ts -> packages/s3/src/work/more.ts -> " +
          "packages/s3/src/command.ts: what two of them need lives in the lower one, or is handed to it",
      ],
    });
    write("packages/s3/src/work/more.ts", "export interface Flags {}\n");
    expect(check()).toEqual({ status: 0, problems: [] });
  });

  test("those of programs, tests and scripts are looked at", () => {
    for (const folder of ["packages/s3/test", "apps/demo/src", "scripts/release"]) {
      write(`${folder}/a.mjs`, 'import "./b.mjs";\n');
      write(`${folder}/b.mjs`, 'import "./a.mjs";\n');
    }
    expect(check().problems).toHaveLength(3);
  });

  test("files that two ways reach, one that names itself, and what is built are none", () => {
    write("packages/s3/src/a.ts", 'import "./b.js";\nimport "./c.js";\n');
    write("packages/s3/src/b.ts", 'import "./c.js";\n');
    write("packages/s3/src/c.tsx", 'new Worker(new URL("./c.js", import.meta.url));\n');
    write("packages/s3/dist/a.js", 'import "./b.js";\n');
    write("packages/s3/dist/b.js", 'import "./a.js";\n');
    expect(check()).toEqual({ status: 0, problems: [] });
  });
});
