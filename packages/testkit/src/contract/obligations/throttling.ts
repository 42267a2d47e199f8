import assert from "node:assert/strict";
import { batchOf } from "../batches.js";
import { type EmitterContract, type EmitterUnderTest, isExcluded } from "../contract.js";
import { deliver } from "../delivery.js";
import { outputsOf, test, underFault } from "../with-setup.js";

/** Outputs that the destination does not take for now are tried again and land, and never become dead letters. */
export function throttling<Setup extends EmitterUnderTest<Output, Plan>, Output, Plan>(
  contract: EmitterContract<Setup, Output, Plan>,
): void {
  const { throttle, throttleEntries, outage } = contract.faults;
  for (const [name, arrange] of [
    ["is throttled", throttle],
    ["meets an outage", outage],
  ] as const) {
    if (isExcluded(arrange)) continue;
    test(contract, `tries again when a request ${name}`, async (setup) => {
      const batch = batchOf(outputsOf(contract, 20), undefined, setup.emitter);
      const { rejected } = await underFault(setup, arrange, () => deliver(contract, setup, batch));
      assert.deepEqual(rejected, [], "nothing that may still land is a dead letter");
    });
  }

  if (isExcluded(throttleEntries)) return;
  const cases = [
    { positions: [0], keys: 10 },
    { positions: [1, 2, 5], keys: 10 },
    { positions: [9], keys: 10 },
    // Later records of the same keys follow, and must not pass what was not taken.
    { positions: [0], keys: 3 },
    { positions: [1, 2], keys: 1 },
  ];
  for (const { positions, keys } of cases) {
    test(
      contract,
      `tries exactly the entries again that were not taken: ${positions.join(", ")} of ${keys} keys`,
      async (setup) => {
        const keyOf = (index: number): string => `key-${index % keys}`;
        const batch = batchOf(outputsOf(contract, 10), keyOf, setup.emitter);
        const arrange = (given: Setup): ReturnType<typeof throttleEntries> =>
          throttleEntries(given, positions);
        const { rejected } = await underFault(setup, arrange, () => deliver(contract, setup, batch));
        assert.deepEqual(rejected, [], "nothing that may still land is a dead letter");
      },
    );
  }
}
