import { batchOf } from "../batches.js";
import { type EmitterContract, type EmitterUnderTest, isExcluded } from "../contract.js";
import { deliver } from "../delivery.js";
import { assertLanded } from "../landed.js";
import { outputsOf, test } from "../with-setup.js";

/** Outputs that landed stand in the declared order; of several versions of one key the last one stays. */
export function declaredOrder<Setup extends EmitterUnderTest<Output, Plan>, Output, Plan>(
  contract: EmitterContract<Setup, Output, Plan>,
): void {
  const { capabilities, versions } = contract;
  if (capabilities.ordering !== "none" && capabilities.keeps === "log") {
    test(contract, `keeps the order of the ${capabilities.ordering}`, async (setup) => {
      // Few partition keys, so that their order can be seen; delivering compares what landed with the stream, order included.
      const keyOf = (index: number): string => `key-${index % 7}`;
      await deliver(contract, setup, batchOf(outputsOf(contract, 200), keyOf, setup.emitter));
    });
  }
  if (isExcluded(versions)) return;
  test(contract, "keeps the last version of a key", async (setup) => {
    // Between the versions of the one key stand other outputs; 60 entries are more than one request of most services.
    const isVersion = (index: number): boolean => index % 3 === 0;
    const outputs = Array.from({ length: 60 }, (_, index) =>
      isVersion(index) ? versions(index) : contract.outputs(index),
    );
    const keyOf = (index: number): string => (isVersion(index) ? "versions" : `key-${index}`);
    const batch = batchOf(outputs, keyOf, setup.emitter);
    const last = batch.entries.filter((_, index) => !isVersion(index) || index === 57);
    await deliver(contract, setup, batch, { assertWritten: () => assertLanded(contract, setup, last) });
  });
}
