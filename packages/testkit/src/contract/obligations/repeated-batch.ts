import assert from "node:assert/strict";
import { batchOf } from "../batches.js";
import { contextOf, planOf } from "../../emission.js";
import type { EmitterContract, EmitterUnderTest } from "../contract.js";
import { deliver } from "../delivery.js";
import { assertLanded } from "../landed.js";
import { outputsOf, test } from "../with-setup.js";

/** A batch may be emitted again, by this process or by the next owner: what it leaves behind is what the emitter declares. */
export function repeatedBatch<Setup extends EmitterUnderTest<Output, Plan>, Output, Plan>(
  contract: EmitterContract<Setup, Output, Plan>,
): void {
  const { duplicates, planned } = contract.capabilities;
  const outcome = duplicates === "none" ? "changes nothing" : "loses nothing";
  test(contract, `emitting the same batch again ${outcome}`, async (setup) => {
    const { emitter } = setup;
    const batch = batchOf(outputsOf(contract, 12), undefined, emitter);
    await deliver(contract, setup, batch);
    const before = await contract.readBack(setup);
    await deliver(contract, setup, batch, { context: { inherited: true } });
    const after = await contract.readBack(setup);
    if (duplicates === "none") assert.deepEqual(after, before);
    else assert.deepEqual(new Set(after), new Set(before));
  });

  if (!planned) return;
  test(contract, "plans the same batch alike, without writing, as JSON", async (setup) => {
    const { emitter } = setup;
    const plans = [0, 1].map(() => emitter.plan?.(batchOf(outputsOf(contract, 12), undefined, emitter)));
    assert.deepEqual(plans[0], plans[1], "plan must depend on the batch alone");
    assert.deepEqual(
      JSON.parse(JSON.stringify(plans[0])),
      plans[0],
      "a plan must survive the lease row, which is JSON",
    );
    assert.deepEqual(await contract.readBack(setup), []);
    const other = emitter.plan?.(batchOf(outputsOf(contract, 11), undefined, emitter));
    assert.notDeepEqual(other, plans[0], "batches of other ranges must not share a plan");
  });

  test(contract, "tells the next owner whether a planned batch is written, if it can", async (setup) => {
    const { emitter } = setup;
    const { isWritten } = emitter;
    const batch = batchOf(outputsOf(contract, 12), undefined, emitter);
    const context = contextOf(planOf(emitter, batch), { inherited: true });
    if (isWritten !== undefined) assert.equal(await isWritten(batch, context), false);
    await deliver(contract, setup, batch, { context: { inherited: true } });
    if (isWritten !== undefined) assert.equal(await isWritten(batch, context), true);
    await assertLanded(contract, setup, batch.entries);
  });
}
