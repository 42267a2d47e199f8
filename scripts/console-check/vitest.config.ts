import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const conditions = ["@kinesis-connectors/source", "node", "development|production"];

/** Tests in a real browser: they are no part of the usual run, because it has to be installed. */
export default defineConfig({
  root: fileURLToPath(new URL("../..", import.meta.url)),
  ssr: { resolve: { conditions } },
  test: {
    include: ["apps/console-check/test/**/*.browser-test.ts"],
    // A page that hangs, and nothing but that, fails by these.
    expect: { poll: { timeout: 30_000 } },
    testTimeout: 120_000,
    hookTimeout: 120_000,
    maxWorkers: 3,
  },
});
