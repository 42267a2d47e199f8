import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { defineConfig, type Plugin } from "vitest/config";

const conditions = ["@kinesis-connectors/source", "node", "development|production"];

const THREADS = "{packages/*,apps/*,bench}/test/threads/**/*.test.ts";
const MEMORY = "{packages/*,apps/*,bench}/test/**/{memory,*-memory}.test.ts";

/**
 * Tests run from sources: the source condition leads every workspace import to `src`, so nothing has to be built. The files of a project
 * share what they import: loading the SDK's clients anew for each file costs more than the tests.
 */
const project = (name: string, folder: string) => ({
  extends: true as const,
  ssr: { resolve: { conditions } },
  test: { name, include: [`${folder}/test/**/*.test.ts`], exclude: [THREADS, MEMORY], isolate: false },
});

/** What measures the memory of its process wants one of its own. */
const memoryProject = {
  extends: true as const,
  ssr: { resolve: { conditions } },
  test: { name: "memory", include: [MEMORY] },
};

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

/** Another SDK than the installed one, for all that imports it: see scripts/sdk-differential.mjs, and scripts/another-sdk.ts for what is required. */
function sdkIn(folder: string): Plugin {
  const { resolve } = createRequire(join(folder, "package.json"));
  return {
    name: "another-sdk",
    enforce: "pre",
    resolveId: (id) => (/^@(?:aws-sdk|smithy)\//.test(id) ? resolve(id) : undefined),
  };
}
const { KC_TEST_SDK, KC_TEST_MODULES } = process.env;

export default defineConfig({
  plugins: KC_TEST_SDK === undefined ? [] : [sdkIn(KC_TEST_SDK)],
  test: {
    // What one project has compiled, the others read: for one run, since what is there is not known to be of these sources otherwise.
    ...(KC_TEST_MODULES === undefined
      ? {}
      : { experimental: { fsModuleCache: true, fsModuleCachePath: KC_TEST_MODULES } }),
    setupFiles: [
      "./scripts/fast-check-seed.ts",
      ...(KC_TEST_SDK === undefined ? [] : ["./scripts/another-sdk.ts"]),
    ],
    // A hang, and nothing but a hang, fails by these: a busy machine takes many times as long as a quiet one.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 240_000 } },
    // Two more than cores: many tests wait for real sockets and real seconds, and another file has the core meanwhile.
    maxWorkers: availableParallelism() + 2,
    projects: [
      threadsProject,
      memoryProject,
      project("core", "packages/core"),
      project("leases", "packages/leases"),
      project("leases-redis", "packages/leases-redis"),
      project("leases-mysql", "packages/leases-mysql"),
      project("aws", "packages/aws"),
      project("wire", "packages/wire"),
      project("consumer", "packages/consumer"),
      project("kcl", "packages/kcl"),
      project("s3", "packages/s3"),
      project("redshift", "packages/redshift"),
      project("parquet", "packages/parquet"),
      project("replay", "packages/replay"),
      project("iceberg", "packages/iceberg"),
      project("avro", "packages/avro"),
      project("protobuf", "packages/protobuf"),
      project("schema-registry", "packages/schema-registry"),
      project("kinesis", "packages/kinesis"),
      project("firehose", "packages/firehose"),
      project("sqs", "packages/sqs"),
      project("opensearch", "packages/opensearch"),
      project("dynamodb", "packages/dynamodb"),
      project("postgres", "packages/postgres"),
      project("config", "packages/config"),
      project("admin", "packages/admin"),
      project("console", "packages/console"),
      project("local", "packages/local"),
      project("testkit", "packages/testkit"),
      project("cli", "packages/cli"),
      project("telemetry", "packages/telemetry"),
      project("aws-records", "packages/aws-records"),
      project("lambda", "packages/lambda"),
      project("cdk", "packages/cdk"),
      project("scripts", "scripts"),
      project("site", "apps/site"),
      project("sim", "sim"),
      project("interop", "interop"),
      project("servers", "servers"),
      project("bench", "bench"),
      project("sample", "apps/sample"),
      project("replay-dead-letters", "apps/replay-dead-letters"),
      project("archive-partitioned", "apps/archive-partitioned"),
      project("copy-stream", "apps/copy-stream"),
      project("copy-to-firehose", "apps/copy-to-firehose"),
      project("fan-to-sqs", "apps/fan-to-sqs"),
      project("lambda-to-s3", "apps/lambda-to-s3"),
      project("batched-records", "apps/batched-records"),
      project("logs-to-s3", "apps/logs-to-s3"),
      project("changes-to-opensearch", "apps/changes-to-opensearch"),
      project("demo", "apps/demo"),
      project("index-to-opensearch", "apps/index-to-opensearch"),
      project("orders-to-dynamodb", "apps/orders-to-dynamodb"),
      project("orders-to-postgres", "apps/orders-to-postgres"),
      project("orders-to-redshift", "apps/orders-to-redshift"),
      project("iceberg-oracles", "apps/iceberg-oracles"),
      project("orders-to-iceberg", "apps/orders-to-iceberg"),
      project("manifest-to-redshift", "apps/manifest-to-redshift"),
    ],
  },
});
