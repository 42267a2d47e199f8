import assert from "node:assert/strict";
import { batchOf } from "../batches.js";
import { contextOf, planOf } from "../../emission.js";
import { type EmitterContract, type EmitterUnderTest, isExcluded } from "../contract.js";
import { outputsOf, test, untilFired } from "../with-setup.js";

/** An aborted signal settles `emit`, whatever the destination is doing. */
export function promptAbort<Setup extends EmitterUnderTest<Output, Plan>, Output, Plan>(
  contract: EmitterContract<Setup, Output, Plan>,
): void {
  test(contract, "settles when it is called with an aborted signal", async (setup) => {
    const { emitter } = setup;
    const batch = batchOf(outputsOf(contract, 5), undefined, emitter);
    const context = contextOf(planOf(emitter, batch), { signal: AbortSignal.abort(new Error("lease lost")) });
    const [outcome] = await Promise.allSettled([emitter.emit(batch, context)]);
    // It may have been quicker than the abort; then what it says must be true.
    if (outcome?.status !== "fulfilled") return;
    const { failed } = outcome.value;
    assert.equal((await contract.readBack(setup)).length, batch.entries.length - failed.length);
  });

  const { stall } = contract.faults;
  if (isExcluded(stall)) return;
  test(contract, "settles when it is aborted while the destination does not answer", async (setup) => {
    const { emitter } = setup;
    const aborting = new AbortController();
    const hasFired = await stall(setup);
    const batch = batchOf(outputsOf(contract, 5), undefined, emitter);
    const emission = emitter.emit(batch, contextOf(planOf(emitter, batch), { signal: aborting.signal }));
    const settled = Promise.allSettled([emission]);
    await untilFired(hasFired);
    aborting.abort(new Error("lease lost"));
    const [outcome] = await settled;
    // Nothing was answered, so nothing may be called written.
    if (outcome?.status === "fulfilled")
      assert.equal(
        outcome.value.failed.length,
        batch.entries.length,
        "entries without an answer count as written",
      );
  });
}
