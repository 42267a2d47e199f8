import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const conditions = ["@kinesis-connectors/source", "node", "development|production"];

/** Tests that ask a real node: they are no part of the usual run, because it takes Java and Maven. */
export default defineConfig({
  root: fileURLToPath(new URL("../..", import.meta.url)),
  ssr: { resolve: { conditions } },
  test: { include: ["packages/*/test/**/*.node-test.ts"], testTimeout: 60_000, fileParallelism: false },
});
