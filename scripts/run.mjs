// Runs a program from its sources: node scripts/run.mjs <project folder> [--entry cli.js] [arguments]. Installs and builds what is missing first.
import { spawn, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { setup } from "./setup.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const [app, ...given] = process.argv.slice(2);
const [entry, rest] = given[0] === "--entry" ? [given[1], given.slice(2)] : ["main.js", given];

setup();
const build = spawnSync(process.execPath, [`${root}node_modules/typescript/bin/tsc`, "-b", `${root}${app}`], {
  stdio: ["ignore", 2, 2],
});
if (build.status !== 0) process.exit(1);

const child = spawn(process.execPath, [`${root}${app}/dist/${entry}`, ...rest], {
  stdio: "inherit",
  // The SDK says on every start that it will leave Node 20 next year; the README says it once.
  env: { ...process.env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" },
});
// A terminal sends Ctrl-C to the whole group; the app stops gracefully, and this process waits for it.
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
child.on("exit", (code) => process.exit(code ?? 1));
