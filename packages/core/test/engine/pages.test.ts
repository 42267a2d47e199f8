import { describe, expect, it } from "vitest";
import { bytes, definePipeline, json, type Emitter, type Transformer } from "../../src/index.js";
import { writerEmitter, writerLog } from "../support/writer-emitter.js";
import { type LentPages, lentPages } from "../support/lent-pages.js";
import type { ObjectPlan } from "../support/memory-emitters.js";
import { recordsOf } from "../support/memory-shard.js";
import { createWorld, type Numbered, numbers, numbersIn, runIn, type World } from "../support/world.js";

const COUNT = 25;

function worldOf<Output>(): World<Output> {
  const world = createWorld<Output>(
    recordsOf(COUNT, (n) => (n % 11 === 5 ? `${n}{` : JSON.stringify({ n }))),
    { pageRecords: 4 },
  );
  world.shard.close();
  return world;
}

/** Runs a shard whose pages are lent, to its end. */
async function runLent<Model, Output>(
  world: World<Output>,
  transformer: Transformer<Model, Output>,
  emitter: Emitter<Output, ObjectPlan>,
  filter?: (model: Model) => boolean,
): Promise<LentPages> {
  const lent = lentPages(world.shard);
  const pipeline = definePipeline({
    transformer,
    ...(filter === undefined ? {} : { filter }),
    emitter,
    buffer: { maxRecords: 6 },
    deadLetters: world.deadLetters(),
  });
  await world.clock.run(runIn(world, pipeline, { source: lent.source }).done);
  return lent;
}

const isGood = (n: number): boolean => n % 11 !== 5;

describe("a page", () => {
  it("is given back once all outputs of it are encoded, and its dead letters are copies", async () => {
    const world = worldOf<Numbered>();
    const lent = await runLent(
      world,
      json<Numbered>(),
      writerEmitter({ ...world.planned(), sizeOf: () => 10 }, writerLog(), undefined, "alone"),
    );
    expect(numbersIn(world.objects).flat()).toEqual(numbers(COUNT).filter(isGood));
    expect(world.letters.entries.map(({ output }) => Buffer.from(output.data, "base64").toString())).toEqual([
      "5{",
      "16{",
    ]);
    expect([lent.reused(), lent.shared()]).toEqual([Math.ceil(COUNT / 4), 0]);
  });

  it("is given back when nothing of it is kept", async () => {
    const world = worldOf<Numbered>();
    const lent = await runLent(world, json<Numbered>(), world.planned(), ({ n }) => n >= COUNT - 1);
    expect(numbersIn(world.objects)).toEqual([[COUNT - 1]]);
    // The last page has the record that is kept.
    expect(lent.reused()).toBe(Math.ceil(COUNT / 4) - 1);
  });

  it("is not given back while a record of it waits as an entry", async () => {
    const world = worldOf<Numbered>();
    const lent = await runLent(world, json<Numbered>(), world.planned());
    expect(numbersIn(world.objects).flat()).toEqual(numbers(COUNT).filter(isGood));
    expect(lent.reused()).toBe(0);
  });

  it("stays with a transformer that was given a view of it, for as long as it likes", async () => {
    const world = worldOf<Numbered>();
    const views: Uint8Array[] = [];
    const transformer = json<Numbered>();
    const keeping: Transformer<Numbered, Numbered> = {
      toModel: (record) => {
        if (record.partitionKey !== "" && record.arrivalTimeMs % 2 >= 0) views.push(record.data);
        return transformer.toModel(record);
      },
      fromModel: (model) => model,
    };
    const lent = await runLent(
      world,
      keeping,
      writerEmitter({ ...world.planned(), sizeOf: () => 10 }, writerLog(), undefined, "alone"),
    );
    expect(
      views.map((view) => Number.parseInt(Buffer.from(view).toString().replace('{"n":', ""), 10)),
    ).toEqual(numbers(COUNT));
    expect(lent.reused()).toBe(0);
  });
});

describe("data that nobody looks at", () => {
  const texts = (world: World<Uint8Array>): string[] =>
    world.objects.entries.map(({ output }) => Buffer.from(output).toString());

  it.each([
    ["bytes()", bytes()],
    ["json().original()", json<Numbered>().original()],
  ])("goes from the page into what is encoded, by %s", async (name, transformer) => {
    const world = worldOf<Uint8Array>();
    const lent = await runLent(
      world,
      transformer as Transformer<unknown, Uint8Array>,
      writerEmitter({ ...world.planned(), sizeOf: ({ length }) => length }, writerLog(), undefined, "data"),
    );
    const all = numbers(COUNT).map((n) => (isGood(n) ? JSON.stringify({ n }) : `${n}{`));
    expect(texts(world)).toEqual(name === "bytes()" ? all : all.filter((_, n) => isGood(n)));
    expect([lent.reused(), lent.shared()]).toEqual([Math.ceil(COUNT / 4), 0]);
  });

  it("is shown to a filter that asks for it, and to whoever names partitions", async () => {
    const world = worldOf<Uint8Array>();
    const seen: string[] = [];
    const emitter = writerEmitter(
      { ...world.planned(), sizeOf: ({ length }: Uint8Array) => length },
      writerLog(),
      undefined,
      "data",
    );
    const batching = {
      partitionOf: (output: Uint8Array) => {
        seen.push(Buffer.from(output).toString());
        return "all";
      },
    };
    await runLent(world, bytes(), { ...emitter, batching }, (data) => data.length > 7);
    const long = numbers(COUNT)
      .map((n) => (isGood(n) ? JSON.stringify({ n }) : `${n}{`))
      .filter((text) => text.length > 7);
    expect(seen).toEqual(long);
    expect(texts(world)).toEqual(long);
  });
});
