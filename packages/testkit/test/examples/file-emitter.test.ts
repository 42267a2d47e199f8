import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeEmitterContract, excluded } from "@kinesis-connectors/testkit";
import { describe, it } from "vitest";
import { fileEmitter } from "./file-emitter.js";

async function linesIn(folder: string): Promise<string[]> {
  if (!existsSync(folder)) return [];
  const files = (await readdir(folder)).toSorted();
  const contents = await Promise.all(files.map((file) => readFile(join(folder, file), "utf8")));
  return contents.flatMap((content) => content.split("\n").slice(0, -1));
}

describeEmitterContract({
  describe,
  it,
  name: "fileEmitter",
  create: async () => {
    const folder = await mkdtemp(join(tmpdir(), "file-emitter-"));
    return {
      folder,
      emitter: fileEmitter<unknown>({ folder }),
      [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
    };
  },
  capabilities: { duplicates: "none", ordering: "shard", planned: true, keeps: "log" },
  outputs: (index): unknown => ({ index }),
  readBack: ({ folder }) => linesIn(folder),
  versions: excluded("files are never replaced"),
  refusedOutputs: (index) => BigInt(index),
  faults: {
    throttle: excluded("a disk does not throttle"),
    throttleEntries: excluded("a file is taken whole"),
    outage: excluded("a disk fails for good"),
    replyLost: excluded("a write has no reply"),
    credentials: async ({ folder }) => {
      await rm(folder, { recursive: true });
      return () => !existsSync(folder);
    },
    stall: excluded("a disk answers"),
  },
  limits: excluded("a file holds any number of lines"),
});
