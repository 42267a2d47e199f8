import type { RecordPage } from "../record.js";

/** What is told of a page when so many of its records were taken in: a stop leaves the rest, which counts as not read. */
export function pagePart(
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
