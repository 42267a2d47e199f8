import type { Batch, Emitter } from "@kinesis-connectors/core";
import { deliver } from "@kinesis-connectors/testkit";

/** What became of a batch: `<action> <error>` for each entry that failed, by its place in the batch. */
export async function failuresOf<Output>(
  emitter: Emitter<Output>,
  batch: Batch<Output>,
): Promise<Readonly<Record<number, string>>> {
  const { failed } = await deliver(emitter, batch);
  return Object.fromEntries(
    failed.map(({ entry, action, error }) => [batch.entries.indexOf(entry), `${action} ${error.name}`]),
  );
}
