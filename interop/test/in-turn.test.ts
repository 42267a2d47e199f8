import { expect, it } from "vitest";
import { inTurn } from "../src/in-turn.js";

const later = <Value>(value: Value): Promise<Value> =>
  new Promise((resolve) => {
    setImmediate(() => resolve(value));
  });

it("so much work is done at a time, and its results keep its order", async () => {
  let running = 0;
  let most = 0;
  const work = Array.from({ length: 7 }, (_, index) => async () => {
    running += 1;
    most = Math.max(most, running);
    for (let turn = index; turn < 7; turn += 1) await later(undefined);
    running -= 1;
    return index;
  });
  expect(await inTurn(work, 3)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(most).toBe(3);
});

it("nothing more is begun after a failure, and what was begun ends first", async () => {
  const ended: string[] = [];
  const work = [
    async () => {
      await later(undefined);
      throw new Error("first");
    },
    async () => {
      for (let turn = 0; turn < 5; turn += 1) await later(undefined);
      ended.push("second");
    },
    async () => {
      ended.push("third");
    },
  ];
  await expect(inTurn(work, 2)).rejects.toThrow("first");
  expect(ended).toEqual(["second"]);
});
