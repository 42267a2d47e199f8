import assert from "node:assert/strict";
import type { EmitterContract, EmitterUnderTest } from "../contract.js";
import { batchOf } from "../batches.js";
import { outputsOf, test } from "../with-setup.js";

/** The emitter says of itself what the contract says of it: the other obligations rely on it. */
export function declaredCapabilities<Setup extends EmitterUnderTest<Output, Plan>, Output, Plan>(
  contract: EmitterContract<Setup, Output, Plan>,
): void {
  test(contract, "declares its capabilities", ({ emitter }) => {
    const { duplicates, ordering, planned, hasWriter = false } = contract.capabilities;
    assert.deepEqual({ ...emitter.capabilities }, { duplicates, ordering });
    assert.equal(emitter.plan !== undefined, planned, "an emitter has a plan when its contract says so");
    assert.equal(
      emitter.createWriter !== undefined,
      hasWriter,
      "an emitter has a writer when its contract says so",
    );
    if (emitter.isWritten !== undefined) assert.ok(planned, "isWritten is about what a plan names");
    for (const { bytes } of batchOf(outputsOf(contract, 3), undefined, emitter).entries) {
      assert.ok(Number.isSafeInteger(bytes) && bytes >= 0, `sizeOf counts whole bytes, but gave ${bytes}`);
    }
    return Promise.resolve();
  });
}
