import { defineConfig } from "vitest/config";

const conditions = ["@kinesis-connectors/source", "node", "development|production"];

const THREADS = "{packages/*,apps/*,bench}/test/threads/**/*.test.ts";

/** Tests run from sources: the source condition leads every workspace import to `src`, so nothing has to be built. */
const project = (name: string, folder: string) => ({
  extends: true as const,
  ssr: { resolve: { conditions } },
  test: { name, include: [`${folder}/test/**/*.test.ts`], exclude: [THREADS] },
});

/**
 * But for these: a worker thread is loaded by Node itself, which knows nothing of sources. So they run against what is built, main
 * thread included, and it is built before them.
 */
const threadsProject = {
  extends: true as const,
  ssr: { resolve: { conditions: conditions.slice(1) } },
  test: {
    name: "threads",
    include: [THREADS],
    globalSetup: ["./scripts/build-first.ts"],
    server: { deps: { external: [/\/dist\//, /\.mjs/] } },
  },
};

export default defineConfig({
  test: {
    setupFiles: ["./scripts/fast-check-seed.ts"],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    projects: [
      threadsProject,
      project("core", "packages/core"),
      project("leases", "packages/leases"),
      project("aws", "packages/aws"),
      project("wire", "packages/wire"),
      project("consumer", "packages/consumer"),
      project("s3", "packages/s3"),
      project("redshift", "packages/redshift"),
      project("parquet", "packages/parquet"),
      project("kinesis", "packages/kinesis"),
      project("opensearch", "packages/opensearch"),
      project("dynamodb", "packages/dynamodb"),
      project("local", "packages/local"),
      project("testkit", "packages/testkit"),
      project("sim", "sim"),
      project("bench", "bench"),
      project("sample", "apps/sample"),
      project("replay-dead-letters", "apps/replay-dead-letters"),
      project("archive-partitioned", "apps/archive-partitioned"),
      project("copy-stream", "apps/copy-stream"),
      project("batched-records", "apps/batched-records"),
      project("demo", "apps/demo"),
      project("index-to-opensearch", "apps/index-to-opensearch"),
      project("orders-to-dynamodb", "apps/orders-to-dynamodb"),
      project("orders-to-redshift", "apps/orders-to-redshift"),
      project("manifest-to-redshift", "apps/manifest-to-redshift"),
    ],
  },
});
