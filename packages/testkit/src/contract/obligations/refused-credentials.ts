import assert from "node:assert/strict";
import { hasCode } from "@kinesis-connectors/core";
import { batchOf } from "../batches.js";
import { contextOf, planOf } from "../../emission.js";
import { type EmitterContract, type EmitterUnderTest, isExcluded } from "../contract.js";
import { outputsOf, rejectionOf, test, underFault } from "../with-setup.js";

/** Missing rights stop the shard with `KC_EMIT_REFUSED`: no record is to blame, and no repetition mends it. */
export function refusedCredentials<Setup extends EmitterUnderTest<Output, Plan>, Output, Plan>(
  contract: EmitterContract<Setup, Output, Plan>,
): void {
  const { credentials } = contract.faults;
  if (isExcluded(credentials)) return;
  test(contract, "stops with KC_EMIT_REFUSED when its credentials are refused", async (setup) => {
    const { emitter } = setup;
    const batch = batchOf(outputsOf(contract, 5), undefined, emitter);
    const error = await underFault(setup, credentials, () =>
      rejectionOf(
        emitter.emit(batch, contextOf(planOf(emitter, batch))),
        "emit must reject when its credentials are refused: returning entries would make dead letters of them",
      ),
    );
    assert.ok(
      hasCode(error, "KC_EMIT_REFUSED"),
      `expected the code KC_EMIT_REFUSED, but got ${String(error)}`,
    );
    assert.deepEqual(await contract.readBack(setup), []);
  });
}
