import { fileURLToPath } from "node:url";

import { build } from "esbuild";
import { describe, expect, test } from "vitest";

/** The clients of AWS that a program loads which imports one of the package's paths, types aside. */
async function clientsOf(entry: string): Promise<readonly string[]> {
  const { metafile } = await build({
    entryPoints: [fileURLToPath(new URL(`../src/${entry}`, import.meta.url))],
    bundle: true,
    write: false,
    metafile: true,
    treeShaking: false,
    platform: "node",
    format: "esm",
    conditions: ["@kinesis-connectors/source"],
    // What an @aws-sdk package imports itself is not looked at: its name is enough.
    plugins: [
      {
        name: "clients",
        setup: (builder) => {
          builder.onResolve({ filter: /^@(aws-sdk|smithy)\// }, ({ path }) => ({
            path,
            external: true,
            sideEffects: true,
          }));
        },
      },
    ],
  });
  const imported = Object.values(metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => path));
  return [...new Set(imported.filter((path) => path.startsWith("@aws-sdk/client-")))].toSorted();
}

describe("each path of the package brings only the clients that it uses", () => {
  test.each([
    ["reading/index.ts", []],
    ["reading/user-records.ts", []],
    ["lease-table/index.ts", ["@aws-sdk/client-dynamodb"]],
    ["kinesis/index.ts", ["@aws-sdk/client-kinesis"]],
    ["index.ts", ["@aws-sdk/client-dynamodb", "@aws-sdk/client-kinesis"]],
  ])("%s: %j", async (entry, clients) => {
    expect(await clientsOf(entry)).toEqual(clients);
  });
});
