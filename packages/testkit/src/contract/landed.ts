import assert from "node:assert/strict";
import type { BufferEntry } from "@kinesis-connectors/core";
import type { EmitterContract, EmitterUnderTest } from "./contract.js";

/** The identity of an output, as `readBack` gives it. */
function identityOf<Setup extends EmitterUnderTest<Output, Plan>, Output, Plan>(
  contract: EmitterContract<Setup, Output, Plan>,
  output: Output,
): string {
  return contract.identify === undefined ? JSON.stringify(output) : contract.identify(output);
}

/** The destination holds these entries and nothing else: once, or at least once, and in the order that the emitter declares. */
export async function assertLanded<Setup extends EmitterUnderTest<Output, Plan>, Output, Plan>(
  contract: EmitterContract<Setup, Output, Plan>,
  setup: Setup,
  entries: readonly BufferEntry<Output>[],
): Promise<void> {
  const { duplicates, ordering, keeps } = contract.capabilities;
  const landed = await contract.readBack(setup);
  const once = [...new Set(landed)];
  const expected = entries.map(({ output }) => identityOf(contract, output));
  assert.deepEqual(
    once.toSorted(),
    expected.toSorted(),
    "the destination holds what was written, and nothing else",
  );
  if (duplicates === "none") assert.equal(landed.length, once.length, "nothing landed twice");
  if (keeps === "state" || ordering === "none") return;
  const keyOf = new Map(
    entries.map(({ record }, index) => [expected[index], ordering === "shard" ? "" : record.partitionKey]),
  );
  for (const key of new Set(keyOf.values())) {
    const ofKey = (identities: readonly string[]): string[] =>
      identities.filter((identity) => keyOf.get(identity) === key);
    assert.deepEqual(ofKey(once), ofKey(expected), "what landed stands in the order of the stream");
  }
}
