import type { Batch, KinesisRecord, PlannedRange } from "@kinesis-connectors/core";

import { BatchTrace, type Tracing } from "./batch-trace.js";
import { type EncodedLinks, linksOf } from "./traced-writer.js";

/** The traces of batches that are on their way: one for each shard, because the engine has one batch of a shard under way at a time. */
export class OpenTraces {
  readonly #tracing: Tracing;
  readonly #traceparentOf: ((record: KinesisRecord) => string | undefined) | undefined;
  readonly #encodedLinks: EncodedLinks;
  readonly #byShard = new Map<string, BatchTrace>();
  /** Applications and streams whose batches came here. */
  readonly #sources = new Set<string>();

  constructor(
    tracing: Tracing,
    traceparentOf: ((record: KinesisRecord) => string | undefined) | undefined,
    encodedLinks: EncodedLinks,
  ) {
    this.#tracing = tracing;
    this.#traceparentOf = traceparentOf;
    this.#encodedLinks = encodedLinks;
  }

  /** The trace of a batch, begun where it has none yet. */
  begin(batch: Batch<unknown> | PlannedRange): BatchTrace {
    const found = this.find(batch);
    if (found !== undefined) return found;
    this.#byShard.get(keyOf(batch))?.leave();
    this.#sources.add(sourceOf(batch));
    const traceparentOf = this.#traceparentOf;
    const links =
      traceparentOf === undefined
        ? []
        : linksOf(batch as Partial<Batch<unknown>>, traceparentOf, this.#encodedLinks);
    const trace = new BatchTrace(this.#tracing, batch, links);
    this.#byShard.set(keyOf(batch), trace);
    return trace;
  }

  find(batch: PlannedRange): BatchTrace | undefined {
    const found = this.#byShard.get(keyOf(batch));
    return found?.batchId === batch.batchId ? found : undefined;
  }

  /** The trace of a batch has ended. */
  forget(batch: PlannedRange): void {
    if (this.find(batch) !== undefined) this.#byShard.delete(keyOf(batch));
  }

  knows(source: { readonly application: string; readonly stream: string }): boolean {
    return this.#sources.has(sourceOf(source));
  }

  /** Nothing more comes. */
  leave(): void {
    for (const trace of this.#byShard.values()) trace.leave();
    this.#byShard.clear();
  }
}

function sourceOf({
  application,
  stream,
}: {
  readonly application: string;
  readonly stream: string;
}): string {
  return `${application}\n${stream}`;
}

function keyOf(range: PlannedRange): string {
  return `${sourceOf(range)}\n${range.shardId}`;
}
