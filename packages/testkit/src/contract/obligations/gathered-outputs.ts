import assert from "node:assert/strict";
import {
  type Batch,
  type BufferEntry,
  type Gathered,
  type Gathering,
  silentLogger,
  systemClock,
} from "@kinesis-connectors/core";
import { batchOfEntries } from "../../batches.js";
import { contextOf, planOf } from "../../emission.js";
import { seededRandom } from "../../seeded-random.js";
import { batchOf } from "../batches.js";
import { type EmitterContract, type EmitterUnderTest, isExcluded } from "../contract.js";
import { assertLanded } from "../landed.js";
import { outputsOf, test } from "../with-setup.js";

const OUTPUTS = 12;
/** So many are in the first batch; the next one is staged when that ends. */
const IN_FIRST = 7;

/** Outputs that are gathered land as they would as entries: what is kept, once, each in the batch that it was kept for, and nothing else. */
export function gatheredOutputs<Setup extends EmitterUnderTest<Output, Plan>, Output, Plan>(
  contract: EmitterContract<Setup, Output, Plan>,
): void {
  if (contract.capabilities.gathers !== true) return;

  test(
    contract,
    "lands what is gathered and kept, and nothing of what is dropped or refused",
    async (setup) => {
      const gathering = gather(contract, setup);
      const { entries } = batchOf(outputsOf(contract, OUTPUTS), undefined, setup.emitter);
      for (const entry of entries.slice(0, IN_FIRST)) {
        // Staged and taken back, before it is staged and kept.
        stage(setup, gathering, entry);
        gathering.drop();
        stage(setup, gathering, entry);
        gathering.keep();
        refuse(contract, setup, gathering, entry);
      }
      const held = gathering.heldBytes();
      assert.ok(Number.isSafeInteger(held) && held >= 0, `heldBytes counts whole bytes, but gave ${held}`);
      // One that crossed a threshold: the batch ends before it is kept.
      const [crossing, ...others] = entries.slice(IN_FIRST);
      assert.ok(crossing);
      stage(setup, gathering, crossing);
      const first = gathering.drain();
      gathering.keep();
      for (const entry of others) {
        stage(setup, gathering, entry);
        gathering.keep();
      }
      const second = gathering.drain();
      assert.equal(gathering.drain().count, 0, "a batch that was drained is gone");
      const batches = [
        gatheredBatch(entries.slice(0, IN_FIRST), first),
        gatheredBatch(entries.slice(IN_FIRST), second),
      ];
      for (const batch of batches) {
        const plan = planOf(setup.emitter, batch);
        for (const attempt of [1, 2]) {
          const { failed } = await setup.emitter.emit(batch, contextOf(plan, { attempt }));
          assert.deepEqual(
            failed,
            [],
            "a gathered batch has no entries that could fail: emit settles with none, or rejects",
          );
        }
      }
      for (const { gathered } of batches) gathered?.discard();
      gathering.close();
      await assertLanded(contract, setup, entries);
    },
  );

  if (!contract.capabilities.planned) return;
  test(contract, "plans what is gathered as it plans the same outputs as entries", (setup) => {
    const { emitter } = setup;
    const gathering = gather(contract, setup);
    const { entries } = batchOf(outputsOf(contract, OUTPUTS), undefined, emitter);
    for (const entry of entries) {
      stage(setup, gathering, entry);
      gathering.keep();
    }
    const batch = gatheredBatch(entries, gathering.drain());
    assert.deepEqual(
      planOf(emitter, batch),
      planOf(emitter, batchOfEntries(entries)),
      "an heir builds the batch of entries again, and must find the places of the plan",
    );
    batch.gathered?.discard();
    gathering.close();
    return Promise.resolve();
  });
}

function gather<Setup extends EmitterUnderTest<Output, Plan>, Output, Plan>(
  contract: EmitterContract<Setup, Output, Plan>,
  { emitter }: Setup,
): Gathering<Output> {
  const owner = { application: "contract", stream: "contract", shardId: "shardId-000000000000" };
  const gathering = emitter.gather?.({
    ...owner,
    clock: systemClock,
    random: seededRandom(1),
    logger: silentLogger,
  });
  assert.ok(gathering, `${contract.name} gathers, as its contract says`);
  return gathering;
}

function stage<Output, Plan>(
  { emitter }: EmitterUnderTest<Output, Plan>,
  gathering: Gathering<Output>,
  { output, record }: BufferEntry<Output>,
): void {
  const bytes = gathering.stage(output, record, emitter.batching?.partitionOf?.(output, record));
  assert.ok(Number.isSafeInteger(bytes) && bytes >= 0, `stage counts whole bytes, but gave ${bytes}`);
}

/** What is never taken is refused when it is staged; what had been staged of its record goes with it. */
function refuse<Setup extends EmitterUnderTest<Output, Plan>, Output, Plan>(
  contract: EmitterContract<Setup, Output, Plan>,
  setup: Setup,
  gathering: Gathering<Output>,
  entry: BufferEntry<Output>,
): void {
  const { refusedOutputs } = contract;
  if (isExcluded(refusedOutputs)) return;
  stage(setup, gathering, entry);
  assert.throws(
    () => stage(setup, gathering, { ...entry, output: refusedOutputs(1) }),
    "an output that is never taken is refused when it is staged: later there is no record to be set aside",
  );
  gathering.drop();
}

function gatheredBatch<Output>(entries: readonly BufferEntry<Output>[], gathered: Gathered): Batch<Output> {
  assert.equal(gathered.count, entries.length, "a gathered batch says how many outputs it has");
  return { ...batchOfEntries(entries), entries: [], gathered };
}
