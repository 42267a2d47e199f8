import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** What the tests on threads import: with it, everything that it refers to. */
const PROJECTS = [
  "packages/leases",
  "packages/consumer",
  "packages/kcl",
  "packages/local",
  "packages/testkit",
  "packages/config",
  "packages/create",
  "apps/without-code",
  "apps/chaos",
  "apps/changes-to-opensearch",
  "apps/lambda-to-s3",
  "apps/logs-to-s3",
  "apps/orders-to-iceberg",
  "apps/orders-to-postgres",
  "apps/demo",
  "apps/replay",
  "bench",
];

/**
 * Builds what runs in the worker threads of tests.
 * @throws when it does not compile
 */
export function setup(): void {
  const tsc = `${root}node_modules/typescript/bin/tsc`;
  const build = ["-b", ...PROJECTS.map((project) => root + project)];
  const { status, stdout } = spawnSync(process.execPath, [tsc, ...build], { encoding: "utf8" });
  if (status !== 0) throw new Error(`what the tests on threads run does not compile:\n${stdout}`);
}
