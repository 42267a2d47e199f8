import { setImmediate as turn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { bytes, definePipeline, type RecordPage, type ShardSource } from "../../src/index.js";
import { MemoryLease } from "../support/memory-lease.js";
import { recordsOf } from "../support/memory-shard.js";
import { runShard } from "../support/run-shard.js";
import { createWorld } from "../support/world.js";

setFlagsFromString("--expose-gc");

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
        runInNewContext("gc()");
        return isKept();
      })
      .toBe(false);
    running.stop();
    await running.done;
  });
});
