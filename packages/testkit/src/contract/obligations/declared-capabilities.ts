import assert from "node:assert/strict";
import type { EmitterContract, EmitterUnderTest } from "../contract.js";
import { outputsOf, test } from "../with-setup.js";

/** The emitter says of itself what the contract says of it: the other obligations rely on it. */
export function declaredCapabilities<Setup extends EmitterUnderTest<Output, Plan>, Output, Plan>(
  contract: EmitterContract<Setup, Output, Plan>,
): void {
  test(contract, "declares its capabilities", ({ emitter }) => {
    const { duplicates, ordering, planned } = contract.capabilities;
    assert.deepEqual({ ...emitter.capabilities }, { duplicates, ordering });
    assert.equal(emitter.plan !== undefined, planned, "an emitter has a plan when its contract says so");
    if (emitter.isPlaced !== undefined) assert.ok(planned, "isPlaced is about the places of a plan");
    for (const output of outputsOf(contract, 3)) {
      const bytes = emitter.sizeOf?.(output) ?? 0;
      assert.ok(Number.isSafeInteger(bytes) && bytes >= 0, `sizeOf counts whole bytes, but gave ${bytes}`);
    }
    return Promise.resolve();
  });
}
