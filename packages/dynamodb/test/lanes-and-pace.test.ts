import { failureFrom } from "@kinesis-connectors/testkit";
import { describe, expect, it } from "vitest";
import { Lanes, type Settled } from "../src/lanes.js";
import { Pace } from "../src/pace.js";
import type { Write } from "../src/writes.js";
import { entryOf } from "./support.js";

const writeOf = (key: string, index: number): Write<string> => ({
  entry: entryOf(index, `${key}${index}`),
  key,
  request: { kind: "batch", write: { DeleteRequest: { Key: {} } } },
  wireBytes: 1,
});

function lanesOf(lastOnly: boolean): { readonly lanes: Lanes<string>; readonly log: string[] } {
  const log: string[] = [];
  const lanes = new Lanes<string>(lastOnly, (entry, outcome: Settled<string>) =>
    log.push(`${entry.output} ${outcome === "placed" ? "placed" : outcome.action}`),
  );
  for (const [index, key] of ["a", "b", "a", "a"].entries()) lanes.add(writeOf(key, index));
  return { lanes, log };
}

describe("the writes of a key", () => {
  it("take their turn one by one where each counts", () => {
    const { lanes, log } = lanesOf(false);
    const [a] = lanes.pending();
    if (a === undefined) throw new Error("no lane");
    expect(lanes.current(a)?.entry.output).toBe("a0");
    lanes.place(a);
    expect(lanes.current(a)?.entry.output).toBe("a2");
    lanes.reject(a, new Error("refused"));
    lanes.place(a);
    expect(log).toEqual(["a0 placed", "a2 dead-letter", "a3 placed"]);
    expect(lanes.pending().map(({ key }) => key)).toEqual(["b"]);
    expect(lanes.settled).toBe(3);
  });

  it("are placed with the last one where only that counts, but for those that were refused", () => {
    const { lanes, log } = lanesOf(true);
    const [a] = lanes.pending();
    if (a === undefined) throw new Error("no lane");
    expect(lanes.current(a)?.entry.output).toBe("a3");
    lanes.reject(a, new Error("refused"));
    expect(lanes.current(a)?.entry.output).toBe("a2");
    lanes.place(a);
    expect(log).toEqual(["a3 dead-letter", "a0 placed", "a2 placed"]);
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
