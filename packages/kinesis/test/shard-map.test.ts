import { KinesisClient } from "@aws-sdk/client-kinesis";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { shardMapOf } from "../src/shard-map.js";
import { deliver } from "@kinesis-connectors/testkit";
import { batchOf, startTarget } from "./support.js";

const MAX = 2n ** 128n - 1n;

/** Shards that share the hash keys between these borders, in the order given by `shuffle`. */
function shardsOf(borders: readonly bigint[], shuffle: (count: number) => number[]) {
  const starts = [0n, ...borders];
  const shards = starts.map((start, index) => ({
    ShardId: `shard-${index}`,
    SequenceNumberRange: { StartingSequenceNumber: "1" },
    HashKeyRange: {
      StartingHashKey: start.toString(),
      EndingHashKey: ((starts[index + 1] ?? MAX + 1n) - 1n).toString(),
    },
  }));
  return shuffle(shards.length).flatMap((index) => shards[index] ?? []);
}

describe("the map of the target's shards", () => {
  it("finds the owner of every hash key, whatever the order of the list", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.bigInt({ min: 1n, max: MAX }), { maxLength: 20 }),
        fc.array(fc.bigInt({ min: 0n, max: MAX }), { maxLength: 20 }),
        fc.infiniteStream(fc.nat()),
        (unsorted, keys, numbers) => {
          const borders = unsorted.toSorted((one, other) => (one < other ? -1 : 1));
          const shuffle = (count: number): number[] => {
            const weights = Array.from({ length: count }, () => numbers.next().value ?? 0);
            return weights.map((_, index) => index).toSorted((a, b) => (weights[a] ?? 0) - (weights[b] ?? 0));
          };
          const map = shardMapOf(shardsOf(borders, shuffle));
          for (const key of [...keys, ...borders, ...borders.map((border) => border - 1n), 0n, MAX]) {
            const owner = `shard-${borders.filter((border) => border <= key).length}`;
            expect(map.shardOf(key)).toBe(owner);
            expect(map.ownsAll(owner, [key])).toBe(true);
          }
        },
      ),
    );
  });

  it("knows no owner for hash keys that no listed shard owns, and none of a shard that is not listed", () => {
    const [, upper] = shardsOf([2n ** 127n], () => [0, 1]);
    const map = shardMapOf(upper === undefined ? [] : [upper]);
    expect(map.shardOf(5n)).toBeUndefined();
    expect(map.shardOf(MAX)).toBe("shard-1");
    expect(map.ownsAll("shard-1", [MAX, 5n])).toBe(false);
    expect(map.ownsAll("shard-0", [5n])).toBe(false);
    expect(shardMapOf([]).shardOf(0n)).toBeUndefined();
  });

  it("is put together of all pages of the list", async () => {
    await using target = await startTarget({ shardCount: 30 });
    // A page may hold fewer shards than were asked for: this client asks for seven.
    const client = new KinesisClient(target.connection);
    client.middlewareStack.add(
      (next) => (call) =>
        next("MaxResults" in call.input ? { ...call, input: { ...call.input, MaxResults: 7 } } : call),
      { step: "initialize" },
    );
    const emitter = target.emitter<string>({ aggregate: true, client });
    const given = Array.from({ length: 300 }, (_, index) => ({ output: `${index}` }));
    expect(await deliver(emitter, batchOf(given))).toEqual({ failed: [] });
    expect(target.aws.journal.entries({ operation: "ListShards" })).toHaveLength(5);
    expect(target.stored()).toHaveLength(30);
    expect(target.texts()).toHaveLength(300);
    client.destroy();
  });
});
