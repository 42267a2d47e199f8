import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { memoryLeases, takeShard } from "../src/index.js";
import { pendingStateOf, preparedBatchOf } from "../src/pending-state.js";

const sequenceNumber = fc.bigInt({ min: 0n, max: 10n ** 56n - 1n }).map(String);
const position = fc.record({ sequenceNumber, subSequenceNumber: fc.nat() });

describe("a prepared batch in a row", () => {
  test("reads back as it was stored", () => {
    fc.assert(
      fc.property(position, position, fc.nat(), fc.jsonValue(), (first, last, recordCount, json) => {
        const range = { first, last, recordCount, filtered: 0, deadLettered: 0 };
        // Through JSON once, because that is what a plan survives by contract.
        const plan: unknown = JSON.parse(JSON.stringify(json));
        const batch = {
          v: 1 as const,
          batchId: "b",
          ...range,
          ...(plan === null ? {} : { plan: plan as string }),
        };
        expect(preparedBatchOf(pendingStateOf(batch))).toEqual(batch);
      }),
    );
  });

  test("no bytes whatsoever make reading fail, and only ours are taken for a batch", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.jsonValue().map((value) => new TextEncoder().encode(JSON.stringify(value))),
        ),
        (bytes) => {
          expect(preparedBatchOf(bytes)).toBeUndefined();
        },
      ),
    );
  });
});

const place = (number: number) => ({ sequenceNumber: `${number}`, subSequenceNumber: 0 });

async function loadedWith(state: object): Promise<unknown> {
  const leases = memoryLeases();
  const taken = async (ownerId: string) =>
    await takeShard({
      table: leases.connect(),
      application: "clicks",
      shardId: "s0",
      ownerId,
      initialPosition: { type: "trim-horizon" },
    });
  await taken("a");
  const row = leases.rows.get("s0");
  if (row === undefined) throw new Error("the take made no row");
  const pending = { checkpoint: place(3), state: new TextEncoder().encode(JSON.stringify(state)) };
  leases.rows.set("s0", { ...row, pending });
  const { checkpointer } = await taken("b");
  return await checkpointer.load();
}

describe("what a row holds as prepared", () => {
  const batch = { batchId: "b", first: place(1), last: place(3), recordCount: 3 };

  test("by another release is not passed over: it may have landed, and would again under another name", async () => {
    await expect(loadedWith({ ...batch, v: 2, parts: [] })).rejects.toMatchObject({
      code: "KC_REPLAY_DIFFERS",
      message: expect.stringContaining("version 2"),
    });
  });

  test("by another application is passed over", async () => {
    const nothing = { checkpoint: undefined, pending: undefined };
    expect(await loadedWith({ v: 2, parts: [] })).toEqual(nothing);
    expect(await loadedWith({ batchId: "theirs", at: 3 })).toEqual(nothing);
  });

  test("by this one is found", async () => {
    expect(await loadedWith({ ...batch, v: 1 })).toMatchObject({ pending: { batchId: "b" } });
  });
});
