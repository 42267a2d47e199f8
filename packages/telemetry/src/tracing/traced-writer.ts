import type { BatchWriter, EncodedOutputs, KinesisRecord } from "@kinesis-connectors/core";
import type { Link } from "@opentelemetry/api";

import { Links } from "./links.js";

/** Links of encoded batches, whose records are gone when they are emitted. */
export type EncodedLinks = WeakMap<EncodedOutputs, Links>;

/** The writer of a shard that also looks for the span each kept record comes from. What it encodes is the writer's own. */
export function tracedWriter<Output>(
  writer: BatchWriter<Output>,
  traceparentOf: (record: KinesisRecord) => string | undefined,
  encodedLinks: EncodedLinks,
): BatchWriter<Output> {
  let links = new Links(traceparentOf);
  let written: KinesisRecord | undefined;
  const { writeData } = writer;
  return {
    write: (output, record, partition) => {
      const bytes = writer.write(output, record, partition);
      written = record;
      return bytes;
    },
    ...(writeData === undefined
      ? {}
      : {
          writeData: (record) => {
            const bytes = writeData.call(writer, record);
            written = record;
            return bytes;
          },
        }),
    keep: () => {
      writer.keep();
      if (written !== undefined) links.add(written);
      written = undefined;
    },
    drop: () => {
      writer.drop();
      written = undefined;
    },
    heldBytes: () => writer.heldBytes(),
    drain: () => {
      const encoded = writer.drain();
      encodedLinks.set(encoded, links);
      links = new Links(traceparentOf);
      return encoded;
    },
    close: () => writer.close(),
  };
}

/** Links of a batch, from its entries or from when they were encoded; a record with several outputs is linked once. */
export function linksOf(
  batch: {
    readonly entries?: readonly { readonly record: KinesisRecord }[];
    readonly encoded?: EncodedOutputs;
  },
  traceparentOf: (record: KinesisRecord) => string | undefined,
  encodedLinks: EncodedLinks,
): Link[] {
  const { entries = [], encoded } = batch;
  if (encoded !== undefined) return encodedLinks.get(encoded)?.links() ?? [];
  const links = new Links(traceparentOf);
  let before: KinesisRecord | undefined;
  for (const { record } of entries) {
    if (record !== before) links.add(record);
    before = record;
  }
  return links.links();
}
