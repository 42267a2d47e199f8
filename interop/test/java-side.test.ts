import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { javaSide } from "../src/java/java-side.js";
import { daemonSide } from "../src/java/daemon-side.js";
import { JavaMissing } from "../src/java/maven.js";

const path = process.env["PATH"];
let empty: string;
beforeEach(async () => {
  empty = await mkdtemp(join(tmpdir(), "no-java-"));
});
afterEach(async () => {
  process.env["PATH"] = path;
  await rm(empty, { recursive: true });
});

it("without Java the Java side is missing, in one sentence that names it", async () => {
  process.env["PATH"] = empty;
  const missing = javaSide("3.5.1", () => undefined);
  await expect(missing).rejects.toThrow(JavaMissing);
  await expect(missing).rejects.toThrow(/^Java 17 or later is not there \(.*\), and .*\.$/);
});

it("without Java the daemon is missing, in one sentence as well", async () => {
  process.env["PATH"] = empty;
  const missing = daemonSide(() => undefined);
  await expect(missing).rejects.toThrow(JavaMissing);
  await expect(missing).rejects.toThrow(/^Java 17 or later is not there \(.*\), and .*\.$/);
});
