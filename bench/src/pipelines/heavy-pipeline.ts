import {
  definePipeline,
  type Emitter,
  json,
  KinesisConnectorError,
  type Pipeline,
} from "@kinesis-connectors/core";
import { ndjson, ObjectWriter } from "@kinesis-connectors/s3";
import { dataSet } from "../data/data-sets.js";
import type { Order } from "../data/documents.js";
import { type Invoice, transformed } from "../data/expected.js";
import { heavy, HEAVY_SET } from "./heavy-work.js";

/** Makes lines of a batch, as the S3 emitter does, and holds them against plain code: a fast wrong answer has no speed. */
function checkedLines(): Emitter<Invoice> {
  const set = dataSet(HEAVY_SET);
  const expected = transformed(set);
  const format = ndjson();
  return {
    capabilities: { duplicates: "possible", ordering: "shard" },
    emit: (batch) => {
      const writer = new ObjectWriter(batch.bytes + batch.entries.length + 1024);
      for (const { output } of batch.entries) format.write(output, writer);
      // The last batch before a stop may be part of an answer.
      const isWhole = batch.recordCount === set.userRecords.length;
      if (isWhole && !expected.equals(writer.bytes()))
        throw new KinesisConnectorError("KC_EMIT_REFUSED", "the lines of a batch are not those of the set");
      return Promise.resolve({ failed: [] });
    },
  };
}

/** What each thread imports. */
const pipeline: Pipeline<Order, Invoice> = definePipeline({
  transformer: json<Order>().to(heavy),
  buffer: { maxRecords: dataSet(HEAVY_SET).userRecords.length },
  emitter: checkedLines(),
});

export default pipeline;
