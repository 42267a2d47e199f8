// Asks Prometheus's own promtool about the alert rules, their unit tests and a real scrape.
//   npm run check:dashboards [-- <arguments of vitest>]
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const promtool = process.env.PROMTOOL ?? "promtool";

if (spawnSync(promtool, ["--version"]).status !== 0) {
  console.error(
    `check:dashboards needs ${promtool}, which cannot be run: install Prometheus (Debian: apt-get install prometheus), or name the program in PROMTOOL.`,
  );
  process.exit(1);
}
const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
const config = fileURLToPath(new URL("vitest.config.ts", import.meta.url));
const { status } = spawnSync(
  process.execPath,
  [vitest, "run", "--config", config, ...process.argv.slice(2)],
  {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, PROMTOOL: promtool, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" },
  },
);
process.exit(status ?? 1);
