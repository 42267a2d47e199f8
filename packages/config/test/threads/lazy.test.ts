import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const index = new URL("../../dist/index.js", import.meta.url).href;

/** Packages that a program has loaded, of those that cost something. */
function loadedBy(program: string): readonly string[] {
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [
      "--no-warnings",
      "--input-type=module",
      "--eval",
      `import { createRequire } from "node:module";
      import * as config from ${JSON.stringify(index)};
      ${program}
      const files = Object.keys(createRequire(import.meta.url).cache).map((file) => file.replaceAll("\\\\", "/"));
      const names = ["ajv", "yaml", "@aws-sdk/client-kinesis", "@aws-sdk/client-dynamodb"];
      console.log(JSON.stringify(names.filter((name) => files.some((file) => file.includes("/node_modules/" + name + "/")))));`,
    ],
    { encoding: "utf8", cwd: fileURLToPath(new URL("../..", import.meta.url)) },
  );
  expect(stderr).toBe("");
  return JSON.parse(stdout) as readonly string[];
}

it("nothing that costs time is loaded before it is needed", () => {
  expect(loadedBy("")).toEqual([]);
  expect(loadedBy('config.fromProperties("appName=a");')).toEqual([]);
  // The test sees what is loaded.
  expect(loadedBy('await config.validateConfig("package.json");')).toEqual(["ajv", "yaml"]);
});
