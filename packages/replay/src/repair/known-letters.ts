import {
  type Batch,
  comparePositions,
  type DeadLetter,
  type DeadLetterEmitter,
  type Position,
} from "@kinesis-connectors/core";
import type { ArchiveIndex } from "../archive/archived-shards.js";

/** The ranges of a stream whose dead letters are there. */
export class KnownLetters {
  #ranges = new Map<string, readonly { readonly first: Position; readonly last: Position }[]>();

  /** Takes what is listed now. */
  learn({ shards }: ArchiveIndex): void {
    this.#ranges = new Map(shards.map(({ shardId, groups }) => [shardId, groups]));
  }

  /** Whether the dead letters of the batch that a record was read for are there: they are one object. */
  has(letter: Pick<DeadLetter, "shardId" | "sequenceNumber" | "subSequenceNumber">): boolean {
    const ranges = this.#ranges.get(letter.shardId) ?? [];
    return ranges.some(
      ({ first, last }) => comparePositions(first, letter) <= 0 && comparePositions(letter, last) <= 0,
    );
  }
}

/**
 * Dead letters of a repair: those that are there already are not set aside a second time, because their batch came again for what was lost beside them.
 */
export function withoutKnown<Plan>(
  emitter: DeadLetterEmitter<Plan>,
  known: KnownLetters,
): DeadLetterEmitter<Plan> {
  const { plan, createWriter: _writer, ...others } = emitter;
  const unknown = (batch: Batch<DeadLetter>): Batch<DeadLetter> => ({
    ...batch,
    entries: batch.entries.filter(({ output }) => !known.has(output)),
  });
  return {
    ...others,
    ...(plan === undefined ? {} : { plan: (batch) => plan(unknown(batch)) }),
    emit: (batch, context) => emitter.emit(unknown(batch), context),
  };
}
