import { setImmediate as turn } from "node:timers/promises";
import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { bytes, definePipeline, type RecordPage, type ShardSource } from "../../src/index.js";
import { ByteBudget } from "../../src/engine/byte-budget.js";
import { PageFetch } from "../../src/engine/page-fetch.js";
import { MemoryLease } from "../support/memory-lease.js";
import { recordsOf } from "../support/memory-shard.js";
import { runShard } from "../support/run-shard.js";
import { createWorld } from "../support/world.js";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as (options?: { readonly type: "minor" }) => void;

/** A shard of one page, of which nothing is kept here; the next one never comes. */
function onePage(count: number): {
  readonly source: ShardSource;
  readonly isKept: () => boolean;
} {
  let page: WeakRef<RecordPage> | undefined;
  const make = (): RecordPage => {
    const made: RecordPage = { records: recordsOf(count), bytes: 100 };
    page = new WeakRef(made);
    return made;
  };
  return {
    source: {
      open: () => ({
        next: (signal) =>
          page === undefined
            ? Promise.resolve(make())
            : new Promise((_, reject) => {
                signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
              }),
        close: () => Promise.resolve(),
      }),
    },
    isKept: () => page?.deref() !== undefined,
  };
}

describe("a page that has been dealt with", () => {
  it("is kept by nobody while the shard waits for the next one", async () => {
    const world = createWorld<Uint8Array>();
    const { source, isKept } = onePage(50);
    const pipeline = definePipeline({
      transformer: bytes(),
      filter: () => false,
      emitter: world.planned(),
    });
    const running = runShard(pipeline, {
      clock: world.clock,
      source,
      checkpointer: new MemoryLease().take(),
    });
    await expect.poll(() => running.eventsOf("page-read")).toHaveLength(1);
    // A weak reference that was looked at holds until the turn is over.
    await expect
      .poll(async () => {
        await turn();
        collect();
        return isKept();
      })
      .toBe(false);
    running.stop();
    await running.done;
  });
});

describe("fetching pages of a shard at its tip", () => {
  it("leaves nothing that grows until the next full collection, though each wait listens to the same signal", async () => {
    const page: RecordPage = { records: [], bytes: 0 };
    const reader = {
      next: async (signal: AbortSignal) => {
        const heard = (): void => undefined;
        signal.addEventListener("abort", heard, { once: true });
        await Promise.resolve();
        signal.removeEventListener("abort", heard);
        return page;
      },
      close: () => Promise.resolve(),
    };
    let arrived = (): void => undefined;
    const fetch = new PageFetch(
      reader,
      { budget: new ByteBudget(1_000), clock: createWorld<Uint8Array>().clock },
      () => arrived(),
    );
    const oldBytes = (): number =>
      getHeapSpaceStatistics().find(({ space_name: name }) => name === "old_space")?.space_used_size ?? 0;
    const fetchMany = async (count: number): Promise<void> => {
      for (let nth = 0; nth < count; nth += 1) {
        await new Promise<void>((resolve) => {
          arrived = resolve;
          fetch.start();
        });
        fetch.release(fetch.take() ?? page);
        if (nth % 2 === 0) collect({ type: "minor" });
      }
    };
    await fetchMany(100);
    collect();
    const before = oldBytes();
    await fetchMany(8_000);
    expect(oldBytes() - before).toBeLessThan(700_000);
    await fetch.close();
  });
});
