import { describe, expect, it } from "vitest";

import { startConnector } from "../../src/connector.js";
import { collector, numbered, optionsFor, startAws, STREAM, textPipeline, until } from "./support.js";

describe("a connector", () => {
  it("delivers every record of every shard once, in the shard's order, and says how far it is", async () => {
    await using local = await startAws({ shards: 4 });
    local.kinesis.putRecords(STREAM, numbered(1, 2_000));
    const collected = collector();
    await using connector = await startConnector(optionsFor(local, textPipeline(collected.emitter)));
    await until(() => collected.all().length >= 2_000);
    local.kinesis.putRecords(STREAM, numbered(2_001, 2_500));
    await until(() => collected.all().length >= 2_500);
    await connector.stop();
    await connector.done;

    const expected = new Map<string, string[]>();
    for (const { shardId, data } of local.kinesis.records(STREAM)) {
      const texts = expected.get(shardId) ?? [];
      expected.set(shardId, texts);
      texts.push(data.toString("utf8"));
    }
    expect(Object.fromEntries(collected.byShard)).toEqual(Object.fromEntries(expected));
    const progress = connector.progress();
    expect(progress.recordsRead).toBe(2_500);
    expect(progress.recordsEmitted).toBe(2_500);
    expect(progress.shards).toHaveLength(4);
    expect([collected.opened(), collected.closed()]).toEqual([1, 1]);
  });
});
