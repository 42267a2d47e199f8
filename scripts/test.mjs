// Installs what is missing, runs every test from its sources, and closes with `N passed, N failed` alone on a line.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { ranOn } from "./ran-on.mjs";
import { setup } from "./setup.mjs";
import { whatFailed } from "./what-failed.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
setup();
const folder = mkdtempSync(`${tmpdir()}/kinesis-connectors-test-`);
const results = `${folder}/results.json`;
const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${results}`];
const { status } = spawnSync(
  process.execPath,
  [`${root}node_modules/vitest/vitest.mjs`, "run", ...reporters, ...process.argv.slice(2)],
  {
    cwd: root,
    stdio: "inherit",
    env: {
      ...process.env,
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
      KC_TEST_MODULES: `${folder}/modules`,
    },
  },
);

let passed = 0;
let failed = 0;
let skipped = 0;
const lines = [];
if (existsSync(results)) {
  const report = JSON.parse(readFileSync(results, "utf8"));
  passed = report.numPassedTests;
  skipped = report.numPendingTests + report.numTodoTests;
  lines.push(...ranOn(report.testResults));
  // A file that could not even be loaded has no tests to count: it counts as one.
  const broken = report.testResults.filter(
    (file) => file.status === "failed" && file.assertionResults.length === 0,
  );
  failed = report.numFailedTests + broken.length;
  lines.push(...whatFailed(report.testResults, root));
}
rmSync(folder, { recursive: true, force: true });
if (status !== 0 && failed === 0) {
  failed = 1;
  lines.push(
    "failed: an error outside of any test, or no report at all; what the runner printed above says which",
  );
}
if (status === 0 && passed === 0) {
  failed = 1;
  lines.push("failed: no test ran");
}
if (skipped > 0) lines.push(`${skipped} skipped`);
process.stdout.write(`\n${[...lines, `${passed} passed, ${failed} failed`].join("\n")}\n`);
process.exit(failed === 0 ? 0 : 1);
