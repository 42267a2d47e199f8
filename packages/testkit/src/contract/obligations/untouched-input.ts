import assert from "node:assert/strict";
import { batchOf } from "../batches.js";
import type { EmitterContract, EmitterUnderTest } from "../contract.js";
import { deliver } from "../delivery.js";
import { outputsOf, test } from "../with-setup.js";

/** The batch belongs to the engine, which may emit it again: nothing in it is changed. */
export function untouchedInput<Setup extends EmitterUnderTest<Output, Plan>, Output, Plan>(
  contract: EmitterContract<Setup, Output, Plan>,
): void {
  test(contract, "changes nothing of the batch", async (setup) => {
    // All batches of the contract are frozen, so a change of an object throws. Bytes cannot be frozen and are compared.
    const batch = batchOf(outputsOf(contract, 12), undefined, setup.emitter);
    const before = structuredClone(batch);
    await deliver(contract, setup, batch);
    assert.deepEqual(batch, before);
  });
}
