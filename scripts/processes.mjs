// Commands as a user runs them, without this workspace's environment.
import { spawn, spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { constants } from "node:os";
import { setTimeout as wait } from "node:timers/promises";

const running = new Set();

/** Ends whatever was started and has not ended. */
export function stopAll() {
  for (const child of running) stopGroup(child, "SIGKILL");
}

/**
 * Ends whatever was started at the end of this process, and takes its folder away: also where it is ended from outside. A command that `run` waits for is waited
 * for first.
 * @param {() => string | undefined} folderOf is asked for the folder then; undefined where there is none, or it is to stay
 */
export function atEnd(folderOf) {
  process.on("exit", () => {
    stopAll();
    const folder = folderOf();
    // Who is ended may still write.
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"])
    process.once(signal, () => process.exit(128 + constants.signals[signal]));
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

/** Starts a command in a process group of its own, which ends with this process at the latest. */
export function spawnGroup(command, args, options) {
  const child = spawn(command, args, { ...options, detached: true });
  running.add(child);
  child.once("close", () => running.delete(child));
  return child;
}

/** Starts a command, and keeps what it prints. */
export function start(command, args, { cwd, env = {} }) {
  typed.push([command, ...args].join(" "));
  const child = spawnGroup(command, args, {
    cwd,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...npmSettings(), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  let hasEnded = false;
  child.stdout.on("data", (chunk) => (stdout += chunk));
  child.stderr.on("data", (chunk) => (stderr += chunk));
  const done = new Promise((resolve) => {
    child.once("close", (code, signal) => {
      hasEnded = true;
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
