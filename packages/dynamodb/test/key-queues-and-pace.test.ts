import { failureFrom } from "@kinesis-connectors/testkit";
import { describe, expect, it } from "vitest";
import { KeyQueues, type Outcomes } from "../src/writing/key-queues.js";
import { Pace } from "../src/writing/pace.js";
import { entryOf } from "./support.js";

/** Entries of the keys a, b, a, a; and what became of them, as `a2 written`. */
function queuesOf(lastOnly: boolean): { readonly queues: KeyQueues<string>; readonly said: () => string[] } {
  const keys = ["a", "b", "a", "a"];
  const entries = keys.map((key, index) => entryOf(index, `${key}${index}`));
  const outcomes: Outcomes<string> = [];
  const queues = new KeyQueues<string>(entries, lastOnly, outcomes);
  for (const [index, key] of keys.entries()) queues.add(key, index);
  const said = (): string[] =>
    entries.map(({ output }, index) => {
      const outcome = outcomes[index];
      return `${output} ${outcome === undefined || outcome === "written" ? outcome : outcome.action}`;
    });
  return { queues, said };
}

describe("the writes of a key", () => {
  it("take their turn one by one where each counts", () => {
    const { queues, said } = queuesOf(false);
    const a = 0;
    expect(queues.current(a)).toBe(0);
    queues.written(a);
    expect(said()).toEqual(["a0 written", "b1 undefined", "a2 undefined", "a3 undefined"]);
    expect(queues.current(a)).toBe(2);
    queues.reject(a, new Error("refused"));
    queues.written(a);
    expect(said()).toEqual(["a0 written", "b1 undefined", "a2 dead-letter", "a3 written"]);
    expect([queues.current(a), queues.current(1)]).toEqual([undefined, 1]);
    expect([queues.key(a), queues.key(1), queues.count]).toEqual(["a", "b", 2]);
    expect([queues.settled, queues.unsettled]).toEqual([3, 1]);
  });

  it("are written with the last one where only that counts, but for those that were refused", () => {
    const { queues, said } = queuesOf(true);
    const a = 0;
    expect(queues.current(a)).toBe(3);
    queues.reject(a, new Error("refused"));
    expect(queues.current(a)).toBe(2);
    queues.written(a);
    expect(said()).toEqual(["a0 written", "b1 undefined", "a2 written", "a3 dead-letter"]);
    expect(queues.current(a)).toBeUndefined();
  });
});

describe("the pace", () => {
  const signal = new AbortController().signal;
  const enter = async (pace: Pace, count: number) =>
    Promise.all(Array.from({ length: count }, () => pace.enter(signal)));

  it("is halved once for all requests that were under way together, and down to one", async () => {
    const pace = new Pace(64);
    expect(pace.limit).toBe(16);
    for (const permit of await enter(pace, 16)) permit.done("throttled");
    expect(pace.limit).toBe(8);
    for (let wave = 0; wave < 10; wave += 1) (await pace.enter(signal)).done("throttled");
    expect(pace.limit).toBe(1);
  });

  it("grows by one with each round of requests that went through, up to the bound", async () => {
    const pace = new Pace(20);
    for (const permit of await enter(pace, 16)) permit.done("eased");
    (await pace.enter(signal)).done("eased");
    expect(pace.limit).toBe(17);
    for (let request = 0; request < 200; request += 1) (await pace.enter(signal)).done("eased");
    expect(pace.limit).toBe(20);
    (await pace.enter(signal)).done("unknown");
    expect(pace.limit).toBe(20);
  });

  it("lets in no more than its limit, in turn, and forgets who was aborted while waiting", async () => {
    const pace = new Pace(2);
    const [first, second] = await enter(pace, 2);
    const log: string[] = [];
    const aborting = new AbortController();
    const aborted = failureFrom(pace.enter(aborting.signal));
    const third = pace.enter(signal).then((permit) => {
      log.push("third");
      return permit;
    });
    const fourth = pace.enter(signal).then((permit) => {
      log.push("fourth");
      return permit;
    });
    aborting.abort(new Error("lease lost"));
    expect((await aborted).message).toBe("lease lost");
    expect(log).toEqual([]);
    first?.done("eased");
    (await third).done("throttled");
    // Halved to one, and one is still under way.
    await Promise.resolve();
    expect(log).toEqual(["third"]);
    second?.done("eased");
    (await fourth).done("eased");
    expect(log).toEqual(["third", "fourth"]);
  });
});
