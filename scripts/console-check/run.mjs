// Looks at the console in a real browser: two connectors in processes of their own, local AWS, Debian's chromium. Pictures are kept in
// apps/console-check/screenshots.
//   npm run console-check [-- <arguments of vitest>]
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { setup } from "../setup.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const chromium = process.env.CHROMIUM ?? "/usr/bin/chromium";

if (spawnSync(chromium, ["--version"]).status !== 0) {
  console.error(
    `console-check needs ${chromium}, which cannot be run: install Chromium (Debian: apt-get install chromium), or name the program in CHROMIUM.`,
  );
  process.exit(1);
}
setup();
run(
  join(root, "node_modules", "typescript", "bin", "tsc"),
  "-b",
  "apps/console-check",
  "packages/console/app",
);
run(join(root, "packages", "console", "build.mjs"));
run(
  join(root, "node_modules", "vitest", "vitest.mjs"),
  "run",
  "--config",
  fileURLToPath(new URL("vitest.config.ts", import.meta.url)),
  ...process.argv.slice(2),
);

function run(...command) {
  const { status } = spawnSync(process.execPath, command, {
    cwd: root,
    stdio: "inherit",
    env: {
      ...process.env,
      CHROMIUM: chromium,
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
    },
  });
  if (status !== 0) process.exit(status ?? 1);
}
