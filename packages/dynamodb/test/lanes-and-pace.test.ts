import { failureFrom } from "@kinesis-connectors/testkit";
import { describe, expect, it } from "vitest";
import { Lanes, type Outcomes } from "../src/writing/lanes.js";
import { Pace } from "../src/writing/pace.js";
import { entryOf } from "./support.js";

/** Entries of the keys a, b, a, a; and what became of them, as `a2 placed`. */
function lanesOf(lastOnly: boolean): { readonly lanes: Lanes<string>; readonly said: () => string[] } {
  const keys = ["a", "b", "a", "a"];
  const entries = keys.map((key, index) => entryOf(index, `${key}${index}`));
  const outcomes: Outcomes<string> = [];
  const lanes = new Lanes<string>(entries, lastOnly, outcomes);
  for (const [index, key] of keys.entries()) lanes.add(key, index);
  const said = (): string[] =>
    entries.map(({ output }, index) => {
      const outcome = outcomes[index];
      return `${output} ${outcome === undefined || outcome === "placed" ? outcome : outcome.action}`;
    });
  return { lanes, said };
}

describe("the writes of a key", () => {
  it("take their turn one by one where each counts", () => {
    const { lanes, said } = lanesOf(false);
    const a = 0;
    expect(lanes.current(a)).toBe(0);
    lanes.place(a);
    expect(said()).toEqual(["a0 placed", "b1 undefined", "a2 undefined", "a3 undefined"]);
    expect(lanes.current(a)).toBe(2);
    lanes.reject(a, new Error("refused"));
    lanes.place(a);
    expect(said()).toEqual(["a0 placed", "b1 undefined", "a2 dead-letter", "a3 placed"]);
    expect([lanes.current(a), lanes.current(1)]).toEqual([undefined, 1]);
    expect([lanes.key(a), lanes.key(1), lanes.count]).toEqual(["a", "b", 2]);
    expect([lanes.settled, lanes.unsettled]).toEqual([3, 1]);
  });

  it("are placed with the last one where only that counts, but for those that were refused", () => {
    const { lanes, said } = lanesOf(true);
    const a = 0;
    expect(lanes.current(a)).toBe(3);
    lanes.reject(a, new Error("refused"));
    expect(lanes.current(a)).toBe(2);
    lanes.place(a);
    expect(said()).toEqual(["a0 placed", "b1 undefined", "a2 placed", "a3 dead-letter"]);
    expect(lanes.current(a)).toBeUndefined();
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
