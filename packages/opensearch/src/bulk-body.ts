/** How a document is written. `guarded`: only over an older version of it. */
export type BulkOperation = "index" | "create" | "guarded";

/** The conflicts of concurrent writers that the service itself repeats before it answers 409. */
const RETRY_ON_CONFLICT = 3;

/**
 * Replaces a document by a later one, and leaves it alone otherwise. One text for all documents, because each text is compiled once
 * and their number per minute is bounded (`script.max_compilations_rate`).
 */
const GUARD =
  "if (ctx._source[params.field] == null || ctx._source[params.field].compareTo(params.position) < 0) " +
  "{ ctx._source = params.document; } else { ctx.op = 'none'; }";

/** What one document of a bulk request is made of. */
export interface BulkLine {
  readonly operation: BulkOperation;
  readonly index: string;
  /** Undefined: the service chooses one. */
  readonly id: string | undefined;
  /** The document as a JSON object. */
  readonly json: string;
  /** For `guarded`: the field that holds the position, and the document's position in it. */
  readonly guard?: { readonly field: string; readonly position: string } | undefined;
}

/** The two lines of a document, each with its line feed. A JSON text has none inside. */
export function bulkLinesOf({ operation, index, id, json, guard }: BulkLine): string {
  const target = id === undefined ? { _index: index } : { _index: index, _id: id };
  if (operation !== "guarded" || guard === undefined)
    return `${JSON.stringify({ [operation]: target })}\n${json}\n`;
  const action = JSON.stringify({ update: { ...target, retry_on_conflict: RETRY_ON_CONFLICT } });
  const { field, position } = guard;
  // Put in front as text: a document with that field of its own has it twice then, and is refused as damaged.
  const stamped = `{${JSON.stringify(field)}:${JSON.stringify(position)}${json === "{}" ? "" : ","}${json.slice(1)}`;
  return (
    `${action}\n{"scripted_upsert":true,"upsert":{},"script":{"lang":"painless","source":${JSON.stringify(GUARD)},` +
    `"params":{"field":${JSON.stringify(field)},"position":${JSON.stringify(position)},"document":${stamped}}}}\n`
  );
}
