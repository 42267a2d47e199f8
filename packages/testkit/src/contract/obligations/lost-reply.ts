import assert from "node:assert/strict";
import { batchOf } from "../batches.js";
import { type EmitterContract, type EmitterUnderTest, isExcluded } from "../contract.js";
import { deliver } from "../delivery.js";
import { outputsOf, test, underFault } from "../with-setup.js";

/** A request that was applied and whose reply was lost is tried again, and leaves behind no more than the emitter declares. */
export function lostReply<Setup extends EmitterUnderTest<Output, Plan>, Output, Plan>(
  contract: EmitterContract<Setup, Output, Plan>,
): void {
  const { replyLost } = contract.faults;
  if (isExcluded(replyLost)) return;
  const { duplicates } = contract.capabilities;
  const times = duplicates === "none" ? "once" : "at least once";
  test(contract, `writes everything ${times} when a reply is lost`, async (setup) => {
    const batch = batchOf(outputsOf(contract, 20), undefined, setup.emitter);
    const { rejected } = await underFault(setup, replyLost, () => deliver(contract, setup, batch));
    assert.deepEqual(rejected, []);
  });
}
