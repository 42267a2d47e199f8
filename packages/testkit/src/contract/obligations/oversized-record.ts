import assert from "node:assert/strict";
import { batchOf } from "../batches.js";
import { type EmitterContract, type EmitterUnderTest, isExcluded } from "../contract.js";
import { deliver } from "../delivery.js";
import { test } from "../with-setup.js";

/** A record that the service can never take is reported as a dead letter and not thrown; one of just the limit lands. */
export function oversizedRecord<Setup extends EmitterUnderTest<Output, Plan>, Output, Plan>(
  contract: EmitterContract<Setup, Output, Plan>,
): void {
  const { limits } = contract;
  if (isExcluded(limits)) return;
  const { maxRecordBytes, outputOfBytes } = limits;
  if (isExcluded(maxRecordBytes) || isExcluded(outputOfBytes)) return;

  test(
    contract,
    `writes a record of ${maxRecordBytes} bytes and reports one of a byte more`,
    async (setup) => {
      const sizes = [100, maxRecordBytes + 1, maxRecordBytes, maxRecordBytes + 1, 100];
      const outputs = sizes.map((bytes, index) => outputOfBytes(index, bytes));
      const batch = batchOf(outputs, undefined, setup.emitter);
      const { rejected } = await deliver(contract, setup, batch);
      assert.deepEqual(
        new Set(rejected.map(({ entry }) => batch.entries.indexOf(entry))),
        new Set([1, 3]),
        "the oversized records are dead letters, and only they",
      );
    },
  );
}
