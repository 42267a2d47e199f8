import { createHash } from "node:crypto";
import { type BufferEntry, KinesisConnectorError, type PlannedRange } from "@kinesis-connectors/core";
import type { TablePosition } from "./position.js";

/** SHA-256 over the positions of rows, in hex. */
export function contentOf(entries: readonly BufferEntry<unknown>[]): string {
  const hash = createHash("sha256");
  for (const { record } of entries) hash.update(`${record.sequenceNumber}.${record.subSequenceNumber}\n`);
  return hash.digest("hex");
}

/** Names a batch and its content beside the position that it brings. */
export function batchTag({ batchId }: Pick<PlannedRange, "batchId">, contentSha256: string): string {
  return `${batchId.slice(0, 16)}-${contentSha256.slice(0, 16)}`;
}

/**
 * A batch that is in the table must be there with these rows: those of an owner whose transformer said something else are there, while some may be dead letters as well.
 * @throws KinesisConnectorError `KC_PLACE_TAKEN`
 */
export function requireSameContent(
  position: TablePosition | undefined,
  range: PlannedRange,
  contents: readonly string[],
): void {
  const [batch, content] = position?.batch?.split("-") ?? [];
  // Of another batch that ends here, or of a later one, nothing is known.
  if (batch !== range.batchId.slice(0, 16)) return;
  if (contents.some((own) => own.slice(0, 16) === content)) return;
  throw new KinesisConnectorError(
    "KC_PLACE_TAKEN",
    `the table says that the batch ${range.batchId} was added with other rows than these, while some of its records were set aside as dead letters: ` +
      "compare the table with the dead letters, then start again",
  );
}
