import type { Filling } from "./filling/filling.js";
import type { RecordPage } from "../record.js";
import type { ShardContext } from "./shard-context.js";

/** What `tellPage` needs besides the page. */
export interface PageTeller {
  readonly context: Pick<ShardContext, "stream" | "shardId" | "observe">;
  readonly filling: Pick<Filling<never>, "keptCount" | "heldBytes">;
  /** How long the page took where its reader does not say so. */
  readonly durationMs: number;
}

/**
 * Tells of a page of which so many records were taken in. What a stop left of it counts as not read; what came before that goes with the last batch, and
 * is told, or more would be committed than was read.
 */
export function tellPage(
  page: RecordPage,
  scanned: number,
  { context, filling, durationMs }: PageTeller,
): void {
  if (scanned === 0 && page.records.length > 0) return;
  const { stream, shardId, observe } = context;
  const { keptCount: bufferedRecords, heldBytes: bufferedBytes } = filling;
  observe({
    type: "page-read",
    stream,
    shardId,
    ...pagePart(page, scanned),
    durationMs: page.durationMs ?? durationMs,
    bufferedRecords,
    bufferedBytes,
  });
}

function pagePart(
  { records, bytes, dataBytes = bytes, millisBehindLatest }: RecordPage,
  scanned: number,
): Required<Pick<RecordPage, "bytes" | "dataBytes">> & {
  readonly records: number;
  readonly millisBehindLatest: number | undefined;
} {
  if (scanned === records.length) return { records: scanned, bytes, dataBytes, millisBehindLatest };
  const part = (whole: number): number => Math.round((whole * scanned) / records.length);
  return { records: scanned, bytes: part(bytes), dataBytes: part(dataBytes), millisBehindLatest: undefined };
}
