import { afterEach, expect, it } from "vitest";
import {
  ByteBudget,
  definePipeline,
  type Emitter,
  json,
  processShard,
  type ShardEvent,
  systemClock,
  systemRandom,
} from "@kinesis-connectors/core";
import {
  keepingLogger,
  memoryCheckpointer,
  recordsOf,
  runPipeline,
  simulatedShard,
} from "@kinesis-connectors/testkit";
import { glueRecords } from "../src/index.js";
import { decode, FORMATS } from "./support/decoding.js";
import { type FakeRegistry, fixturesIn, glueAnswers, startFakeRegistry } from "./support/fake-registry.js";

const fixtures = fixturesIn("glue.json");

let registry: FakeRegistry | undefined;
afterEach(async () => {
  await registry?.close();
});

it("an outage of the registry in the midst of a shard makes no dead letter: what was read before lands, and the rest follows", async () => {
  registry = await startFakeRegistry(glueAnswers(fixtures));
  const sound = registry.answer;
  const second = fixtures[1]!.id as string;
  let refusals = 0;
  registry.answer = (asked) => {
    if (!asked.body.includes(second) || refusals >= 8) return sound(asked);
    refusals += 1;
    return (
      ["reset", { status: 503, body: "" }, { status: 400, body: { __type: "ThrottlingException" } }] as const
    )[refusals % 3]!;
  };
  const landed: string[] = [];
  const letters: unknown[] = [];
  const collecting = <Output>(into: (output: Output) => void): Emitter<Output> => ({
    capabilities: { duplicates: "none", ordering: "shard" },
    emit: async (batch) => {
      for (const { output } of batch.entries) into(output);
      return { failed: [] };
    },
  });
  const poison = Buffer.from("no header");
  const data = [0, 0, 1, 0, 1].map((index) => Buffer.from(fixtures[index]!.data, "hex"));
  const pipeline = definePipeline({
    transformer: glueRecords<{ id: unknown }>({
      region: "eu-central-1",
      endpoint: registry.url,
      credentials: { accessKeyId: "a", secretAccessKey: "b" },
      formats: FORMATS as never,
    }).to(({ id }) => String(id)),
    buffer: { maxRecords: 1000 },
    emitter: collecting<string>((output) => landed.push(output)),
    deadLetters: collecting((letter) => letters.push(letter)),
    retry: { baseDelayMs: 1, maxDelayMs: 20 },
  });
  const events: ShardEvent[] = [];
  const logger = keepingLogger();
  const shard = simulatedShard(recordsOf([...data, poison]), { clock: systemClock, pageRecords: 10 });
  shard.close();
  const never = new AbortController().signal;
  const outcome = await processShard(pipeline, {
    application: "a",
    stream: "s",
    shardId: "shardId-000000000000",
    source: shard,
    checkpointer: memoryCheckpointer(),
    initialPosition: { type: "trim-horizon" },
    clock: systemClock,
    random: systemRandom,
    logger,
    budget: new ByteBudget(1_000_000),
    observe: (event) => events.push(event),
    stopSignal: never,
    abortSignal: never,
  });
  expect(outcome.type).toBe("shard-end");
  expect(refusals).toBe(8);
  expect(landed).toEqual(["9007199254740993", "9007199254740993", "5", "9007199254740993", "5"]);
  expect(letters.length).toBe(1);
  expect(logger.lines.join("\n")).toMatch(/lookup-retry: .*KC_LOOKUP_FAILED/);
  const first = events.find((event) => event.type === "batch-emit");
  expect(first).toMatchObject({ outputs: 2 });
});

it("an id that nobody registered is a dead letter, and the shard goes on", async () => {
  registry = await startFakeRegistry(glueAnswers([]));
  const transformer = glueRecords({
    region: "eu-central-1",
    endpoint: registry.url,
    credentials: { accessKeyId: "a", secretAccessKey: "b" },
    formats: { JSON: () => json() },
  });
  await expect(decode(transformer, Buffer.from(fixtures[1]!.data, "hex"))).rejects.toMatchObject({
    code: "KC_RECORD_POISON",
  });
  const run = await runPipeline(
    definePipeline({
      transformer,
      emitter: {
        capabilities: { duplicates: "none", ordering: "shard" },
        emit: async () => ({ failed: [] }),
      },
      deadLetters: {
        capabilities: { duplicates: "none", ordering: "shard" },
        emit: async () => ({ failed: [] }),
      },
    }),
    recordsOf([Buffer.from(fixtures[1]!.data, "hex")]),
  );
  expect(run.failure).toBeUndefined();
  expect(run.deadLetters.length).toBe(1);
});
