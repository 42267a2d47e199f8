import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { AnswerIds, SeenAnswers } from "../../src/http/seen-answers.js";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as (options?: { readonly type: "minor" }) => void;

/** Bytes of objects that have outlived two collections of the young ones; what of them is garbage stays until the next full collection. */
const oldBytes = (): number =>
  getHeapSpaceStatistics().find(({ space_name: name }) => name === "old_space")?.space_used_size ?? 0;

describe("the memory of the last answers over a connection", () => {
  it("does not grow between two full collections, though each answer outlives several small ones", () => {
    const seen = new SeenAnswers(new AnswerIds());
    const see = (nth: number): void =>
      seen.see(
        { "x-amzn-requestid": `6e5f2a44-${nth.toString().padStart(27, "0")}` },
        Buffer.alloc(200, nth),
      );
    see(0);
    collect();
    const before = oldBytes();
    for (let nth = 1; nth <= 4_000; nth += 1) {
      see(nth);
      if (nth % 2 === 0) collect({ type: "minor" });
    }
    expect(oldBytes() - before).toBeLessThan(700_000);
  });
});
