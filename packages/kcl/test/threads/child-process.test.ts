import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";

const PROGRAM = fileURLToPath(new URL("programs/child.mjs", import.meta.url));

let folder: string;
let journal: string;
let landing: string;
const started: ChildProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kcl-child-"));
  journal = join(folder, "journal");
  landing = mkdtempSync(join(folder, "landing-"));
});
afterEach(() => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

/** A child in a process of its own, as a daemon sees it. */
function startChild(pace: "quick" | "slow" | "stuck" = "quick") {
  const child = spawn(process.execPath, ["--no-warnings", PROGRAM, journal, landing, pace], {
    stdio: ["pipe", "pipe", "pipe"],
  });
  started.push(child);
  const exited = once(child, "exit");
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let errors = "";
  child.stderr.on("data", (data: Buffer) => {
    errors += data.toString();
  });
  const say = (message: object | string): void => {
    child.stdin.write(`${typeof message === "string" ? message : JSON.stringify(message)}\n`);
  };
  const hear = async (): Promise<Record<string, unknown> | undefined> => {
    for (;;) {
      const { done, value } = await lines.next();
      if (done === true) return undefined;
      // Whatever is on standard output is a message: nothing else parses here.
      if (value !== "") return JSON.parse(value) as Record<string, unknown>;
    }
  };
  /** Says something, and answers checkpoints until its status has come. */
  const ask = async (message: {
    readonly action: string;
    readonly [name: string]: unknown;
  }): Promise<void> => {
    say(message);
    let heard = await hear();
    for (; heard?.["action"] === "checkpoint"; heard = await hear()) say({ ...heard, error: null });
    expect(heard).toEqual({ action: "status", responseFor: message.action });
  };
  return { child, say, ask, exited, errors: () => errors };
}

const initialize = {
  action: "initialize",
  shardId: "s0",
  sequenceNumber: "TRIM_HORIZON",
  subSequenceNumber: 0,
};
const page = (from: number, to: number): { action: string; records: readonly object[] } => ({
  action: "processRecords",
  records: Array.from({ length: to - from + 1 }, (_, index) => ({
    data: Buffer.from(`${from + index}`).toString("base64"),
    partitionKey: "k",
    sequenceNumber: `${1_000 + from + index}`,
    subSequenceNumber: 0,
  })),
});
const landed = (): readonly string[] =>
  readdirSync(landing)
    .toSorted()
    .flatMap((name) => readFileSync(join(landing, name), "utf8").split("\n"))
    .filter((line) => line !== "");
const numbers = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${index + 1}`);

test("a child that is killed in the middle of a batch is followed by one that finishes it; what an application prints goes to standard error", async () => {
  // However long it takes to see that it is there.
  const first = startChild("stuck");
  await first.ask(initialize);
  await first.ask(page(1, 6));
  await expect.poll(first.errors, { interval: 5 }).toContain("half a line");
  first.child.kill("SIGKILL");
  await first.exited;
  expect(landed()).toEqual([]);

  const second = startChild();
  await second.ask(initialize);
  // A terminal and a service manager tell everybody; the daemon decides.
  second.child.kill("SIGTERM");
  second.child.kill("SIGINT");
  await second.ask(page(1, 6));
  await second.ask(page(7, 9));
  await second.ask({ action: "shardEnded" });
  second.child.stdin.end();
  expect(await second.exited).toEqual([0, null]);
  expect(landed()).toEqual(numbers(9));
  expect(readdirSync(landing)).toContain("1001-1004");
  expect(second.errors()).toContain("a line of an application");
});

test("a child ends by itself when its daemon is gone, and what it had read has landed", async () => {
  const { child, ask, exited } = startChild("slow");
  await ask(initialize);
  await ask(page(1, 6));
  await ask(page(7, 7));
  child.stdin.end();
  expect(await exited).toEqual([0, null]);
  expect(landed()).toEqual(numbers(landed().length));
  expect(landed().length).toBeGreaterThanOrEqual(6);
});

test("a child ends with 1, and says why, when something else than a daemon speaks", async () => {
  const { say, exited, errors } = startChild();
  say("hello");
  expect(await exited).toEqual([1, null]);
  expect(errors()).toContain("KC_DAEMON_BROKEN");
});
