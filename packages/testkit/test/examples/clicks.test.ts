import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ByteBudget, definePipeline, json, MiB, processShard, systemClock } from "@kinesis-connectors/core";
import { memoryCheckpointer, recordsOf, seededRandom, simulatedShard } from "@kinesis-connectors/testkit";
import { expect, it } from "vitest";
import { fileEmitter } from "./file-emitter.js";

interface Click {
  readonly page: string;
}

it("a shard becomes files, one per batch", async () => {
  const folder = await mkdtemp(join(tmpdir(), "clicks-"));
  const pipeline = definePipeline({
    transformer: json<Click>(),
    filter: ({ page }) => page !== "/health",
    buffer: { maxRecords: 2 },
    emitter: fileEmitter<Click>({ folder }),
  });
  const clicks = ["/", "/health", "/about", "/"].map((page) => JSON.stringify({ page }));
  const shard = simulatedShard(recordsOf(clicks), { clock: systemClock });
  shard.close();
  const checkpointer = memoryCheckpointer();
  await processShard(pipeline, {
    application: "clicks",
    stream: "clicks",
    shardId: "shardId-000000000000",
    source: shard,
    checkpointer,
    initialPosition: { type: "trim-horizon" },
    clock: systemClock,
    random: seededRandom(1),
    budget: new ByteBudget(16 * MiB),
    observe: () => undefined,
    stopSignal: new AbortController().signal,
    abortSignal: new AbortController().signal,
  });
  const files = (await readdir(folder)).toSorted();
  const contents = await Promise.all(files.map((file) => readFile(join(folder, file), "utf8")));
  expect(contents).toEqual(['{"page":"/"}\n{"page":"/about"}\n', '{"page":"/"}\n']);
  expect(checkpointer.prepared.map(({ plan }) => plan)).toEqual(files.map((file) => ({ file })));
  await rm(folder, { recursive: true });
});
