import { definePipeline, type HandedBatch, handedBatches, text } from "@kinesis-connectors/core";
import type { LocalAws } from "@kinesis-connectors/local";
import { describe, expect, it } from "vitest";

import { startConnector } from "../../src/connector.js";
import { collector, optionsFor, startAws, STREAM, textPipeline } from "./support.js";

const pipelineOf = (maxRecords: number) =>
  definePipeline({
    transformer: text(),
    buffer: { maxRecords, maxAgeMs: 50 },
    emitter: handedBatches<string>(),
  });
const textsOf = (batch: HandedBatch<string>): string[] => batch.entries.map(({ output }) => output);
const put = (local: LocalAws, count: number): void => {
  local.kinesis.putRecords(
    STREAM,
    Array.from({ length: count }, (_, n) => ({ partitionKey: `key-${n}`, data: `record ${n}` })),
  );
};
const names = (count: number): string[] => Array.from({ length: count }, (_, n) => `record ${n}`);

describe("connector.batches()", () => {
  it("hands every record out once, over two shards, and ends behind the last batch once it is told to stop", async () => {
    const local = await startAws({ shards: 2 });
    try {
      put(local, 300);
      const connector = await startConnector({ ...optionsFor(local, pipelineOf(20)) });
      const taken: string[] = [];
      for await (const batch of connector.batches()) {
        taken.push(...textsOf(batch));
        await batch.commit();
        if (taken.length === 300) void connector.stop();
      }
      await connector.done;
      expect(taken.toSorted()).toEqual(names(300).toSorted());
    } finally {
      await local.close();
    }
  });

  it("gives a batch back when the loop is left, and what was committed is not read again by the next process", async () => {
    const local = await startAws();
    try {
      put(local, 100);
      const options = { ...optionsFor(local, pipelineOf(10)), stopDeadlineMs: 500 };
      const first = await startConnector(options);
      const committed: string[] = [];
      let left: string[] = [];
      for await (const batch of first.batches()) {
        if (committed.length === 30) {
          left = textsOf(batch);
          break;
        }
        committed.push(...textsOf(batch));
        await batch.commit();
      }
      const [again] = await takeOne(first.batches());
      expect(again).toEqual(left);
      // Nobody takes batches any more: the stop leaves them to the next owner.
      await first.stop();
      const second = await startConnector({ ...optionsFor(local, pipelineOf(10)) });
      const rest: string[] = [];
      for await (const batch of second.batches()) {
        rest.push(...textsOf(batch));
        await batch.commit();
        if (rest.length >= 70) void second.stop();
      }
      await second.done;
      expect([...committed, ...rest]).toEqual(names(100));
    } finally {
      await local.close();
    }
  });

  it("refuses a pipeline that writes its batches itself, and names the emitter to take", async () => {
    const local = await startAws();
    try {
      const connector = await startConnector(optionsFor(local, textPipeline(collector().emitter)));
      expect(() => connector.batches()).toThrow(
        expect.objectContaining({
          code: "KC_OPTION_INVALID",
          message: expect.stringContaining("handedBatches()"),
        }),
      );
      await connector.stop();
    } finally {
      await local.close();
    }
  });
});

/** The outputs of one batch, which is given back. */
async function takeOne(batches: AsyncGenerator<HandedBatch<string>, void>): Promise<string[][]> {
  for await (const batch of batches) return [textsOf(batch)];
  return [];
}
