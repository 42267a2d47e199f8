import assert from "node:assert/strict";
import {
  type Batch,
  type BufferEntry,
  type EncodedOutputs,
  type BatchWriter,
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

/** Outputs that are encoded land as they would as entries: what is kept, once, each in the batch that it was kept for, and nothing else. */
export function encodedOutputs<Setup extends EmitterUnderTest<Output, Plan>, Output, Plan>(
  contract: EmitterContract<Setup, Output, Plan>,
): void {
  if (contract.capabilities.hasWriter !== true) return;

  test(
    contract,
    "lands what is encoded and kept, and nothing of what is dropped or refused",
    async (setup) => {
      const writer = createWriter(contract, setup);
      const { entries } = batchOf(outputsOf(contract, OUTPUTS), undefined, setup.emitter);
      for (const entry of entries.slice(0, IN_FIRST)) {
        // Staged and taken back, before it is staged and kept.
        write(setup, writer, entry);
        writer.drop();
        write(setup, writer, entry);
        writer.keep();
        refuse(contract, setup, writer, entry);
      }
      const held = writer.heldBytes();
      assert.ok(Number.isSafeInteger(held) && held >= 0, `heldBytes counts whole bytes, but gave ${held}`);
      // One that crossed a threshold: the batch ends before it is kept.
      const [crossing, ...others] = entries.slice(IN_FIRST);
      assert.ok(crossing);
      write(setup, writer, crossing);
      const first = writer.drain();
      writer.keep();
      for (const entry of others) {
        write(setup, writer, entry);
        writer.keep();
      }
      const second = writer.drain();
      assert.equal(writer.drain().count, 0, "a batch that was drained is gone");
      const batches = [
        encodedBatch(entries.slice(0, IN_FIRST), first),
        encodedBatch(entries.slice(IN_FIRST), second),
      ];
      for (const batch of batches) {
        const plan = planOf(setup.emitter, batch);
        for (const attempt of [1, 2]) {
          const { failed } = await setup.emitter.emit(batch, contextOf(plan, { attempt }));
          assert.deepEqual(
            failed,
            [],
            "an encoded batch has no entries that could fail: emit settles with none, or rejects",
          );
        }
      }
      for (const { encoded } of batches) encoded?.discard();
      writer.close();
      await assertLanded(contract, setup, entries);
    },
  );

  if (!contract.capabilities.planned) return;
  test(contract, "plans what is encoded as it plans the same outputs as entries", (setup) => {
    const { emitter } = setup;
    const writer = createWriter(contract, setup);
    const { entries } = batchOf(outputsOf(contract, OUTPUTS), undefined, emitter);
    for (const entry of entries) {
      write(setup, writer, entry);
      writer.keep();
    }
    const batch = encodedBatch(entries, writer.drain());
    assert.deepEqual(
      planOf(emitter, batch),
      planOf(emitter, batchOfEntries(entries)),
      "the next owner builds the batch of entries again, and must come to the same plan",
    );
    batch.encoded?.discard();
    writer.close();
    return Promise.resolve();
  });
}

function createWriter<Setup extends EmitterUnderTest<Output, Plan>, Output, Plan>(
  contract: EmitterContract<Setup, Output, Plan>,
  { emitter }: Setup,
): BatchWriter<Output> {
  const owner = { application: "contract", stream: "contract", shardId: "shardId-000000000000" };
  const writer = emitter.createWriter?.({
    ...owner,
    clock: systemClock,
    random: seededRandom(1),
    logger: silentLogger,
  });
  assert.ok(writer, `${contract.name} has a writer, as its contract says`);
  return writer;
}

function write<Output, Plan>(
  { emitter }: EmitterUnderTest<Output, Plan>,
  writer: BatchWriter<Output>,
  { output, record }: BufferEntry<Output>,
): void {
  const bytes = writer.write(output, record, emitter.batching?.partitionOf?.(output, record));
  assert.ok(Number.isSafeInteger(bytes) && bytes >= 0, `write counts whole bytes, but gave ${bytes}`);
}

/** What is never taken is refused when it is staged; what had been staged of its record goes with it. */
function refuse<Setup extends EmitterUnderTest<Output, Plan>, Output, Plan>(
  contract: EmitterContract<Setup, Output, Plan>,
  setup: Setup,
  writer: BatchWriter<Output>,
  entry: BufferEntry<Output>,
): void {
  const { refusedOutputs } = contract;
  if (isExcluded(refusedOutputs)) return;
  write(setup, writer, entry);
  assert.throws(
    () => write(setup, writer, { ...entry, output: refusedOutputs(1) }),
    "an output that is never taken is refused when it is staged: later there is no record to be set aside",
  );
  writer.drop();
}

function encodedBatch<Output>(
  entries: readonly BufferEntry<Output>[],
  encoded: EncodedOutputs,
): Batch<Output> {
  assert.equal(encoded.count, entries.length, "an encoded batch says how many outputs it has");
  return { ...batchOfEntries(entries), entries: [], encoded };
}
