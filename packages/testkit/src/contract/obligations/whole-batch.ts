import assert from "node:assert/strict";
import { batchOf } from "../batches.js";
import { contextOf, planOf } from "../../emission.js";
import type { EmitterContract, EmitterUnderTest } from "../contract.js";
import { deliver } from "../delivery.js";
import { assertLanded } from "../landed.js";
import { outputsOf, test } from "../with-setup.js";

/** Outputs that are emitted land: all of them and nothing else, whatever records they came from. */
export function wholeBatch<Setup extends EmitterUnderTest<Output, Plan>, Output, Plan>(
  contract: EmitterContract<Setup, Output, Plan>,
): void {
  for (const count of [1, 25]) {
    test(contract, `writes a batch of ${count} whole`, async (setup) => {
      const { emitter } = setup;
      const batch = batchOf(outputsOf(contract, count), undefined, emitter);
      const { failed } = await emitter.emit(batch, contextOf(planOf(emitter, batch)));
      assert.deepEqual(failed, []);
      await assertLanded(contract, setup, batch.entries);
    });
  }

  test(
    contract,
    "writes several outputs of one record, and the user records of an aggregated one",
    async (setup) => {
      const batch = batchOf(outputsOf(contract, 12), undefined, setup.emitter, {
        outputsPerRecord: 2,
        recordsPerSequenceNumber: 3,
      });
      const { rejected } = await deliver(contract, setup, batch);
      assert.deepEqual(rejected, []);
    },
  );
}
