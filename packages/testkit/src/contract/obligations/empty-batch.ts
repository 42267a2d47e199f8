import assert from "node:assert/strict";
import { batchOf } from "../batches.js";
import { contextOf, planOf } from "../../emission.js";
import type { EmitterContract, EmitterUnderTest } from "../contract.js";
import { test } from "../with-setup.js";

/** A batch without entries leaves no trace. */
export function emptyBatch<Setup extends EmitterUnderTest<Output, Plan>, Output, Plan>(
  contract: EmitterContract<Setup, Output, Plan>,
): void {
  test(contract, "takes an empty batch and writes nothing", async (setup) => {
    const batch = batchOf<Output>([]);
    const result = await setup.emitter.emit(batch, contextOf(planOf(setup.emitter, batch)));
    assert.deepEqual(result.failed, []);
    assert.deepEqual(await contract.readBack(setup), []);
  });
}
