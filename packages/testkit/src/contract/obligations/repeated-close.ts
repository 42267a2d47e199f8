import assert from "node:assert/strict";
import { silentLogger } from "@kinesis-connectors/core";
import { batchOf } from "../batches.js";
import type { EmitterContract, EmitterUnderTest } from "../contract.js";
import { deliver } from "../delivery.js";
import { outputsOf, test } from "../with-setup.js";

/** An emitter opens before the first shard and closes after the last; closing twice, or without a batch, does nothing more. */
export function repeatedClose<Setup extends EmitterUnderTest<Output, Plan>, Output, Plan>(
  contract: EmitterContract<Setup, Output, Plan>,
): void {
  test(contract, "closes twice after a batch, and keeps what it wrote", async (setup) => {
    const { emitter } = setup;
    await emitter.open?.({ signal: new AbortController().signal, logger: silentLogger });
    await deliver(contract, setup, batchOf(outputsOf(contract, 5), undefined, emitter));
    const before = await contract.readBack(setup);
    await emitter.close?.();
    await emitter.close?.();
    assert.deepEqual(await contract.readBack(setup), before);
  });

  test(contract, "closes without ever having been used", async (setup) => {
    await setup.emitter.close?.();
    await setup.emitter.close?.();
    assert.deepEqual(await contract.readBack(setup), []);
  });
}
