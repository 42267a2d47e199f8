import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
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
