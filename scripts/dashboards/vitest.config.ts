import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const conditions = ["@kinesis-connectors/source", "node", "development|production"];

/** Tests that ask promtool: they are no part of the usual run, because it has to be installed. */
export default defineConfig({
  root: fileURLToPath(new URL("../..", import.meta.url)),
  ssr: { resolve: { conditions } },
  test: { include: ["packages/*/test/**/*.promtool-test.ts"], testTimeout: 60_000 },
});
