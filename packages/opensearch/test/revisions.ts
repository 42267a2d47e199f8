import type { Emitter, Random } from "@kinesis-connectors/core";
import { batchOfEntries, contextOf, entryOf } from "@kinesis-connectors/testkit";
import { expect } from "vitest";
import type { OpenSearchEmitterOptions } from "@kinesis-connectors/opensearch";
import type { LocalOpenSearch } from "./local-opensearch.js";

/** A document whose records have a version of their own. */
export interface Revised {
  readonly key: string;
  readonly revision: number | string;
}

/** Options of guarded writes by that version. */
export const byRevision = {
  ordering: "guarded",
  id: (document: object) => (document as Revised).key,
  version: (document: object) => (document as Revised).revision,
} satisfies Partial<OpenSearchEmitterOptions<object>>;

/** The revision of each document. */
export function revisionsOf(server: LocalOpenSearch): Readonly<Record<string, unknown>> {
  return Object.fromEntries(server.documents().map(({ id, source }) => [id, source["revision"]]));
}

/** Emits versions of five documents in any order, some of them twice; returns the newest of each. */
export async function shuffledRevisions(
  emitters: readonly Emitter<object>[],
  random: Random,
): Promise<Readonly<Record<string, number>>> {
  const below = (count: number): number => Math.floor(random.next() * count);
  const newest: Record<string, number> = {};
  for (let round = 0; round < 40; round += 1) {
    const documents = Array.from({ length: 1 + below(12) }, () => ({
      key: `k${below(5)}`,
      revision: below(1_000) - 500,
    }));
    for (const { key, revision } of documents)
      newest[key] = Math.max(revision, newest[key] ?? Number.NEGATIVE_INFINITY);
    const entries = documents.map((document, index) =>
      entryOf(index, document, { sequenceNumber: String(below(100_000) * 20 + index) }),
    );
    const emitter = emitters[below(emitters.length)];
    expect(await emitter?.emit(batchOfEntries<object>(entries), contextOf(undefined))).toEqual({
      failed: [],
    });
  }
  return newest;
}
