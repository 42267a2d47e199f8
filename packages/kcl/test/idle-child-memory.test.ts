import { PassThrough } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { systemClock } from "@kinesis-connectors/core";
import { describe, expect, it } from "vitest";
import { stdioLink } from "../src/protocol/stdio-link.js";
import { initializeMessage, pageMessage } from "./support/kcl-shard.js";
import { createWorld, record } from "./support/world.js";

setFlagsFromString("--expose-gc");
const MiB = 1024 * 1024;
const PIPE_BYTES = 64 * 1024;

/** What this process holds when nothing of it is garbage. */
async function heldBytes(): Promise<number> {
  await turn();
  runInNewContext("gc()");
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Says something to the child as a pipe does, and keeps nothing of it. */
async function say(stdin: PassThrough, message: object): Promise<void> {
  const line = Buffer.from(`${JSON.stringify(message)}\n`);
  for (let at = 0; at < line.length; at += PIPE_BYTES) {
    stdin.write(Buffer.from(line.subarray(at, at + PIPE_BYTES)));
    await turn();
  }
}

/** Of 8 MiB. */
function largePage(): object {
  const data = Buffer.alloc(MiB, 7);
  return pageMessage(Array.from({ length: 8 }, (_, index) => ({ ...record(index), data })));
}

describe("a page that has been dealt with", () => {
  it("is kept by nobody while the child waits for its daemon", async () => {
    const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
    let said = "";
    stdout.on("data", (text: Buffer) => (said += String(text)));
    const link = stdioLink({ stdin, stdout, stderr, on: () => undefined, off: () => undefined });
    const { done } = createWorld().start({ link, clock: systemClock }, { filter: () => false });
    await say(stdin, initializeMessage("s0", "TRIM_HORIZON"));
    await expect.poll(() => said).toContain('"initialize"');
    const before = await heldBytes();
    await say(stdin, largePage());
    await expect.poll(() => said).toContain('"processRecords"');
    await expect.poll(async () => ((await heldBytes()) - before) / MiB).toBeLessThan(2);
    stdin.end();
    await done;
  });
});
