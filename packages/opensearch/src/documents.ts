import { type RecordVersion, versionWriter } from "@kinesis-connectors/aws";
import {
  asError,
  type Batch,
  type BufferEntry,
  type FailedEntry,
  jsonHasLoneSurrogate,
  type KinesisRecord,
  stringifyJson,
  poisonRecord,
} from "@kinesis-connectors/core";
import { bulkLinesOf, type BulkOperation } from "./bulk-body.js";
import { indexNameProblem } from "./index-name.js";
import { MAX_CONTENT_BYTES, MAX_ID_BYTES } from "./limits.js";
import { createOrdinals, positionId, sortablePosition } from "./positions.js";

/** One document, ready to be sent. */
export interface BulkDocument<Output> {
  readonly entry: BufferEntry<Output>;
  /** What it is a version of: index and id. */
  readonly key: string;
  /** Undefined where the service chooses it. */
  readonly id: string | undefined;
  readonly lines: string;
  /** Where records have versions of their own: what puts those of one key in order. */
  readonly rank?: string;
  /** Of the lines, in UTF-8, as the service counts them. */
  readonly bytes: number;
}

/** What the documents of a batch are made with. */
export interface DocumentSettings<Output> {
  readonly operation: BulkOperation;
  readonly indexOf: (output: Output, record: KinesisRecord) => string;
  /** Undefined: by position. `auto`: the service chooses. */
  readonly idOf: ((output: Output, record: KinesisRecord) => string) | "auto" | undefined;
  readonly positionField: string;
  /** For `guarded`. Undefined: by position. */
  readonly version: ((output: Output, record: KinesisRecord) => RecordVersion) | undefined;
}

/** The documents of a batch in its order, and the entries of which none can be made. */
export interface Prepared<Output> {
  readonly documents: readonly BulkDocument<Output>[];
  readonly refused: readonly FailedEntry<Output>[];
}

/** Writes entries as lines of bulk requests; nothing of it depends on time or on earlier batches. */
export function documentWriter<Output>(
  settings: DocumentSettings<Output>,
): (batch: Batch<Output>) => Prepared<Output> {
  const numbering = createOrdinals();
  const versionTextOf = versionWriter();
  return (batch) => {
    const ordinalOf = numbering(batch.entries);
    const documents: BulkDocument<Output>[] = [];
    const refused: FailedEntry<Output>[] = [];
    for (const entry of batch.entries) {
      try {
        documents.push(documentOf(entry, batch.shardId, ordinalOf(entry), settings, versionTextOf));
      } catch (thrown) {
        refused.push({ entry, action: "dead-letter", error: asError(thrown) });
      }
    }
    return { documents, refused };
  };
}

function documentOf<Output>(
  entry: BufferEntry<Output>,
  shardId: string,
  ordinal: number,
  { operation, indexOf, idOf, positionField, version }: DocumentSettings<Output>,
  versionTextOf: (version: unknown) => string,
): BulkDocument<Output> {
  const { output, record } = entry;
  const index = indexOf(output, record);
  const problem = indexNameProblem(index);
  if (problem !== undefined) throw poisonRecord(`the index of a document ${problem}`);
  const id =
    idOf === "auto"
      ? undefined
      : idOf === undefined
        ? positionId(shardId, record, ordinal)
        : idOf(output, record);
  if (idOf !== "auto" && (typeof id !== "string" || id === "" || Buffer.byteLength(id) > MAX_ID_BYTES))
    throw poisonRecord(`the id of a document must be a text of 1 to ${MAX_ID_BYTES} bytes`);
  const place = sortablePosition(record, ordinal);
  const rank = version === undefined ? undefined : `${versionTextOf(version(output, record))} ${place}`;
  const guard = operation === "guarded" ? { field: positionField, position: rank ?? place } : undefined;
  const lines = bulkLinesOf({ operation, index, id, json: jsonOf(output), guard });
  const bytes = Buffer.byteLength(lines);
  if (bytes > MAX_CONTENT_BYTES)
    throw poisonRecord(
      `a document has ${bytes} bytes with its action, but a request holds ${MAX_CONTENT_BYTES}`,
    );
  return { entry, key: `${index} ${id ?? ""}`, id, lines, bytes, ...(rank === undefined ? {} : { rank }) };
}

/** The document as a JSON object, its numbers with all their digits. The message of the writer may hold names out of the document, so it is left out. */
function jsonOf(output: unknown): string {
  let json: string | undefined;
  try {
    json = stringifyJson(output);
  } catch {
    json = undefined;
  }
  if (json === undefined || !json.startsWith("{"))
    throw poisonRecord("a document must be an object that JSON can hold");
  // The index would hold another character, and a script of the service cannot write the document again.
  if (jsonHasLoneSurrogate(json))
    throw poisonRecord("a document holds half a surrogate pair, which UTF-8 cannot write");
  return json;
}
