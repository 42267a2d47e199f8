import { definePipeline, json, type Pipeline } from "@kinesis-connectors/core";
import { openSearchEmitter } from "@kinesis-connectors/opensearch";

/** A click, as it travels in the stream. */
export interface Click {
  readonly id: number;
  readonly time: string;
  readonly userId: string;
  readonly page: string;
  readonly country: string;
  readonly durationMs: number;
}

/** A click, as it stands in the index. */
export interface ClickDocument extends Click {
  readonly arrivedAt: string;
}

/** Indexes clicks by the day on which they arrived; each record is one document, named by its place in the stream. */
export function indexPipeline(node: string, index: string): Pipeline<Click, ClickDocument> {
  return definePipeline({
    transformer: json<Click>().to((click, record) => ({
      ...click,
      arrivedAt: new Date(record.arrivalTimeMs).toISOString(),
    })),
    buffer: { maxRecords: 2_000, maxBytes: 4 * 1024 * 1024, maxAgeMs: 500 },
    emitter: openSearchEmitter<ClickDocument>({ node, index }),
  });
}
