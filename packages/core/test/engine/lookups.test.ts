import { describe, expect, it } from "vitest";
import {
  type DecodingTransformer,
  decodeWith,
  definePipeline,
  json,
  KinesisConnectorError,
} from "../../src/index.js";
import { positionOf, recordsOf } from "../support/memory-shard.js";
import { createWorld, type Numbered, numbers, numbersIn, runIn } from "../support/world.js";

/** JSON whose `n`-th record takes a look-up, which fails as told. */
function asking(
  n: number,
  answer: (attempt: number) => Error | undefined,
  kind: "rejects" | "throws" = "rejects",
): DecodingTransformer<Numbered> {
  let attempts = 0;
  const inner = json<Numbered>();
  return decodeWith<Numbered>((record) => {
    const model = inner.toModel(record) as Numbered;
    if (model.n !== n) return model;
    attempts += 1;
    const error = answer(attempts);
    if (kind === "throws" && error !== undefined) throw error;
    return error === undefined ? Promise.resolve(model) : Promise.reject(error);
  });
}

const down = (): KinesisConnectorError =>
  new KinesisConnectorError("KC_LOOKUP_FAILED", "the registry is down");
const untilAttempt =
  (last: number) =>
  (attempt: number): Error | undefined =>
    attempt < last ? down() : undefined;

describe("what a transformer asks, when it does not answer", () => {
  it.each(["rejects", "throws"] as const)(
    "keeps the record, which is tried again until it does: a transformer that %s",
    async (kind) => {
      const world = createWorld(recordsOf(25));
      const run = runIn(
        world,
        definePipeline({
          transformer: asking(13, untilAttempt(20), kind),
          buffer: { maxRecords: 10 },
          emitter: world.planned(),
          deadLetters: world.deadLetters(),
        }),
      );
      await world.clock.runUntil(
        () => world.lease.progress.checkpoint?.sequenceNumber === positionOf(24).sequenceNumber,
      );
      run.stop();
      await world.clock.run(run.done);
      expect(numbersIn(world.objects).flat()).toEqual(numbers(25));
      expect(world.letters.sorted).toEqual([]);
    },
  );

  it("lets what was read before the record land meanwhile, and leaves the record to the next owner at a stop", async () => {
    const world = createWorld(recordsOf(25));
    const run = runIn(
      world,
      definePipeline({
        transformer: asking(13, down),
        buffer: { maxRecords: 1000 },
        emitter: world.planned(),
        deadLetters: world.deadLetters(),
      }),
    );
    await world.clock.runUntil(
      () => world.lease.progress.checkpoint?.sequenceNumber === positionOf(12).sequenceNumber,
    );
    run.stop();
    expect(await world.clock.run(run.done)).toEqual({ type: "stopped" });
    expect(numbersIn(world.objects)).toEqual([numbers(13)]);
    expect(world.letters.sorted).toEqual([]);
    expect(world.clock.pendingTimers).toBe(0);
    const next = runIn(
      world,
      definePipeline({ transformer: json<Numbered>(), buffer: { maxRecords: 12 }, emitter: world.planned() }),
    );
    await world.clock.runUntil(
      () => world.lease.progress.checkpoint?.sequenceNumber === positionOf(24).sequenceNumber,
    );
    next.stop();
    await world.clock.run(next.done);
    expect(numbersIn(world.objects)).toEqual([numbers(13), numbers(12, 13)]);
  });

  it("stops the shard before the record when it refuses for good, dead letters or not", async () => {
    const world = createWorld(recordsOf(25));
    const refused = new KinesisConnectorError("KC_LOOKUP_REFUSED", "no rights");
    const run = runIn(
      world,
      definePipeline({
        transformer: asking(13, () => refused),
        buffer: { maxRecords: 1000 },
        emitter: world.planned(),
        deadLetters: world.deadLetters(),
      }),
    );
    await expect(world.clock.run(run.done)).rejects.toBe(refused);
    expect(numbersIn(world.objects)).toEqual([numbers(13)]);
    expect(world.letters.sorted).toEqual([]);
  });

  it("is waited for by the next owner of a prepared batch too, who stops when told to and keeps it prepared", async () => {
    const world = createWorld(recordsOf(10));
    const letGo = world.gate.hold("emit");
    const pipeline = (transformer: DecodingTransformer<Numbered>) =>
      definePipeline({
        transformer,
        buffer: { maxRecords: 10 },
        emitter: world.planned(),
        deadLetters: world.deadLetters(),
      });
    const first = runIn(world, pipeline(json<Numbered>()));
    await world.clock.runUntil(() => world.lease.progress.pending !== undefined);
    first.abort(new Error("killed"));
    letGo(new Error("connection reset"));
    await expect(world.clock.run(first.done)).rejects.toThrow("killed");

    let asked = 0;
    const second = runIn(
      world,
      pipeline(
        asking(5, (attempt) => {
          asked = attempt;
          return down();
        }),
      ),
    );
    await world.clock.runUntil(() => asked > 5);
    second.stop();
    expect(await world.clock.run(second.done)).toEqual({ type: "stopped" });
    expect(world.lease.progress.pending).toBeDefined();

    const third = runIn(world, pipeline(asking(5, untilAttempt(4))));
    await world.clock.runUntil(() => world.lease.progress.pending === undefined);
    third.stop();
    await world.clock.run(third.done);
    expect(numbersIn(world.objects)).toEqual([numbers(10)]);
  });
});
