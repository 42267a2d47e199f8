// Commands as a user runs them, without this workspace's environment.
import { spawn, spawnSync } from "node:child_process";
import { setTimeout as wait } from "node:timers/promises";

const running = new Set();

/** Ends whatever was started and has not ended. */
export function stopAll() {
  for (const child of running) stopGroup(child, "SIGKILL");
}

/** Runs a command to its end. */
export function run(command, args, { cwd, env = {}, mayFail = false }) {
  typed.push([command, ...args].join(" "));
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    encoding: "utf8",
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...npmSettings(), ...env },
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0 && !mayFail)
    throw new Error(
      `${command} ${args.join(" ")} ended with ${status ?? error?.message}: ${stdout}${stderr}`,
    );
  return { code: status ?? -1, stdout, stderr };
}

/** Where npm finds its registry. */
function npmSettings() {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => /^npm_config_|_proxy$/i.test(name)),
  );
}

/** What was run and started, as it would be typed. */
export const typed = [];

/** Starts a command in a process group of its own. */
export function start(command, args, { cwd, env = {} }) {
  typed.push([command, ...args].join(" "));
  const child = spawn(command, args, {
    cwd,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...npmSettings(), ...env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  running.add(child);
  let stdout = "";
  let stderr = "";
  let hasEnded = false;
  child.stdout.on("data", (chunk) => (stdout += chunk));
  child.stderr.on("data", (chunk) => (stderr += chunk));
  const done = new Promise((resolve) => {
    child.once("close", (code, signal) => {
      hasEnded = true;
      running.delete(child);
      resolve(code ?? signal);
    });
  });
  const until = async (holds, what) => {
    for (let tries = 0; tries < 600; tries += 1) {
      if (hasEnded) break;
      if (holds()) return;
      await wait(200);
    }
    throw new Error(`${what}: ${stdout.slice(-1_000)}${stderr.slice(-3_000)}`);
  };
  return { child, done, until, stdout: () => stdout, stderr: () => stderr };
}

/** Signals a command and what it started: npm forwards signals only sometimes. */
export function stopGroup(child, signal) {
  try {
    process.kill(-child.pid, signal);
  } catch {
    // It has ended.
  }
}
