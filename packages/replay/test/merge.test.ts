import type { Position } from "@kinesis-connectors/core";
import { describe, expect, it } from "vitest";
import { merged } from "../src/archive/merge.js";

const at = (n: number): Position => ({ sequenceNumber: String(n), subSequenceNumber: 0 });

describe("sources that are merged", () => {
  /** Objects of a chain: each begins before the last one has ended. Pages of 3. */
  function chain(count: number, failing?: number) {
    const open = { now: 0, most: 0, begun: 0 };
    async function* pagesOf(nth: number): AsyncGenerator<readonly { readonly position: Position }[], void> {
      open.begun += 1;
      open.now += 1;
      open.most = Math.max(open.most, open.now);
      try {
        for (let n = 0; n < 9; n += 3) {
          await Promise.resolve();
          if (nth === failing) throw new Error("damaged");
          yield [0, 1, 2].map((more) => ({ position: at(nth * 5 + n + more + 1) }));
        }
      } finally {
        open.now -= 1;
      }
    }
    const sources = Array.from({ length: count }, (_, nth) => ({
      first: at(nth * 5 + 1),
      pages: pagesOf(nth),
    }));
    return { open, sources };
  }

  it("are begun when their first position is reached, however many overlap one by one", async () => {
    const { open, sources } = chain(1000);
    const found: number[] = [];
    for await (const page of merged(sources, 100))
      found.push(...page.map(({ position }) => Number(position.sequenceNumber)));
    expect(found).toEqual(Array.from({ length: 999 * 5 + 9 }, (_, n) => n + 1));
    expect(open).toEqual({ now: 0, most: 2, begun: 1000 });
  });

  it("are let go where the caller ends, or one of them is damaged", async () => {
    const broken = chain(1000);
    for await (const page of merged(broken.sources, 10)) {
      expect(page).toHaveLength(10);
      break;
    }
    expect(broken.open.now).toBe(0);
    expect(broken.open.begun).toBeLessThan(5);
    const damaged = chain(10, 3);
    const all = async (): Promise<void> => {
      for await (const _page of merged(damaged.sources, 10));
    };
    await expect(all()).rejects.toThrow("damaged");
    expect(damaged.open.now).toBe(0);
  });
});
