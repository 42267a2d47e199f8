import { writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { KillableWorker } from "../src/kills/killable-worker.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "worker-"));
});
afterAll(() => rm(folder, { recursive: true }));

const never = new AbortController().signal;
function workerOf(code: string, heard: string[] = []): KillableWorker {
  const file = join(folder, `${code.length}.mjs`);
  writeFileSync(file, code);
  return new KillableWorker(pathToFileURL(file), {}, ({ type }) => heard.push(type));
}

it("a worker that ends by itself is a failure, with its last words", async () => {
  const worker = workerOf('console.error("out of luck"); process.exitCode = 3;');
  await expect(worker.until(() => false, 60_000, never)).rejects.toThrow(
    /ended by itself \(3\): out of luck/,
  );
});

it("a worker that says nothing is not waited for without an end", async () => {
  const worker = workerOf("setInterval(() => undefined, 1000);");
  await expect(worker.until(() => false, 10, never)).rejects.toThrow(/said nothing for 0.01 s/);
  await worker.kill();
});

it("a worker is heard, and ends when it is told to or killed", async () => {
  const heard: string[] = [];
  const worker = workerOf(
    'process.once("SIGTERM", () => process.exit(0)); process.send({ type: "page-read" }); setInterval(() => undefined, 1000);',
    heard,
  );
  await worker.until(() => heard.includes("page-read"), 60_000, never);
  await worker.stop();
  await worker.kill();
  expect(heard).toEqual(["page-read"]);
});
