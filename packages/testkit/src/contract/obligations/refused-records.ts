import assert from "node:assert/strict";
import { batchOf } from "../batches.js";
import { contextOf, planOf } from "../../emission.js";
import { type EmitterContract, type EmitterUnderTest, isExcluded } from "../contract.js";
import { assertOwnEntries, deliver } from "../delivery.js";
import { assertLanded } from "../landed.js";
import { test } from "../with-setup.js";

/** Outputs that the destination will never take come back as dead letters: exactly those, wherever they stand in the batch. */
export function refusedRecords<Setup extends EmitterUnderTest<Output, Plan>, Output, Plan>(
  contract: EmitterContract<Setup, Output, Plan>,
): void {
  const { refusedOutputs } = contract;
  if (isExcluded(refusedOutputs)) return;
  const outputsWith = (count: number, refused: readonly number[]): Output[] =>
    Array.from({ length: count }, (_, index) =>
      refused.includes(index) ? refusedOutputs(index) : contract.outputs(index),
    );

  const cases = [
    { name: "the only record", count: 1, refused: [0] },
    { name: "the first and the last record", count: 8, refused: [0, 7] },
    { name: "neighbours in the middle", count: 30, refused: [11, 12, 13] },
    { name: "every record", count: 5, refused: [0, 1, 2, 3, 4] },
  ];
  for (const { name, count, refused } of cases) {
    test(
      contract,
      `returns refused records as dead letters and writes the others: ${name}`,
      async (setup) => {
        const batch = batchOf(outputsWith(count, refused), undefined, setup.emitter);
        const { rejected } = await deliver(contract, setup, batch);
        const positions = rejected.map(({ entry }) => batch.entries.indexOf(entry));
        assert.deepEqual(
          positions.toSorted((one, other) => one - other),
          refused,
        );
        await assertLanded(
          contract,
          setup,
          batch.entries.filter((_, index) => !refused.includes(index)),
        );
      },
    );
  }

  if (!contract.capabilities.planned) return;
  test(contract, "names all refused records of a planned batch before it writes anything", async (setup) => {
    const batch = batchOf(outputsWith(10, [2, 9]), undefined, setup.emitter);
    const result = await setup.emitter.emit(batch, contextOf(planOf(setup.emitter, batch)));
    assertOwnEntries(batch, result);
    assert.deepEqual(
      result.failed.map(({ entry, action }) => [batch.entries.indexOf(entry), action]),
      [
        [2, "dead-letter"],
        [9, "dead-letter"],
      ],
    );
    assert.deepEqual(await contract.readBack(setup), []);
  });
}
