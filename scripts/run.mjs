// Runs a program from its sources: node scripts/run.mjs <project folder> [--entry cli.js] [arguments]. Installs and builds what is missing first.
import { spawn, spawnSync } from "node:child_process";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";
import { isConsoleBuilt, servesConsole } from "./console-built.mjs";
import { setup } from "./setup.mjs";
import { isOfOneCommand, refuseKept, usageOf } from "./usage.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const [app, ...given] = process.argv.slice(2);
const [entry, rest] = given[0] === "--entry" ? [given[1], given.slice(2)] : ["main.js", given];

// Whoever asks for help, or forgot the two dashes, need not wait for anything to be built.
const usage = usageOf(`${root}${app}/src`, entry);
if (usage !== undefined && rest.includes("--help") && !isOfOneCommand(usage, rest)) {
  process.stdout.write(`${usage.trimEnd()}\n`);
  process.exit(0);
}
refuseKept(usage ?? "", rest);

setup();
process.stderr.write(`compiling ${app} ...\n`);
const build = spawnSync(process.execPath, [`${root}node_modules/typescript/bin/tsc`, "-b", `${root}${app}`], {
  stdio: ["ignore", 2, 2],
});
if (build.signal !== null) process.exit(128 + constants.signals[build.signal]);
if (build.status !== 0) process.exit(1);

// What a browser loads is made by another compiler: only who shows it waits for that.
if (servesConsole(rest) && !isConsoleBuilt(`${root}packages/console`)) {
  process.stderr.write("building packages/console ...\n");
  const { status } = spawnSync(process.execPath, [`${root}packages/console/build.mjs`], {
    stdio: ["ignore", 2, 2],
  });
  if (status !== 0) process.exit(1);
}

const child = spawn(process.execPath, [`${root}${app}/dist/${entry}`, ...rest], {
  stdio: "inherit",
  // The SDK says on every start that it will leave Node 20 next year; the README says it once.
  env: { ...process.env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" },
});
// A terminal sends Ctrl-C to the whole group, and the program has it already; anything else sends it to this process alone.
for (const signal of ["SIGINT", "SIGTERM"])
  process.on(signal, () => {
    if (signal === "SIGTERM" || !process.stdin.isTTY) child.kill(signal);
  });
child.on("exit", (code, signal) => process.exit(code ?? 128 + constants.signals[signal ?? "SIGTERM"]));
