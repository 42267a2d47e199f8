import { notEmulated, OpenSearchError } from "./errors.js";
import type { LocalIndex, StoredDocument } from "./indices.js";
import { fieldOf, isObject, type JsonObject } from "../json-values.js";

/** `index.max_result_window`. */
const MAX_RESULT_WINDOW = 10_000;

/** A document that was found. */
export interface Hit {
  readonly index: string;
  readonly id: string;
  readonly document: StoredDocument;
}

/** What a query finds: `match_all`, or `ids`. */
export function find(indices: readonly LocalIndex[], body: unknown): readonly Hit[] {
  const query = fieldOf(body, "query") ?? { match_all: {} };
  const [kind, clause] = isObject(query) ? (Object.entries(query)[0] ?? []) : [];
  if (kind === "match_all") {
    return indices.flatMap((index) =>
      [...index.documents].map(([id, document]) => ({ index: index.name, id, document })),
    );
  }
  const values = fieldOf(clause, "values");
  if (kind !== "ids" || !Array.isArray(values)) throw notEmulated(`queries of kind ${kind ?? "none"}`);
  return indices.flatMap((index) =>
    [...new Set(values.map(String))].flatMap((id) => {
      const document = index.documents.get(id);
      return document === undefined ? [] : [{ index: index.name, id, document }];
    }),
  );
}

/** The answer of `_search`. */
export function searchAnswer(indices: readonly LocalIndex[], body: unknown): JsonObject {
  for (const name of Object.keys(isObject(body) ? body : {}))
    if (!["query", "from", "size", "_source", "track_total_hits"].includes(name))
      throw notEmulated(`${name} in a search`);
  const from = numberOf(body, "from", 0);
  const size = numberOf(body, "size", 10);
  if (from + size > MAX_RESULT_WINDOW) {
    throw new OpenSearchError(
      "illegal_argument_exception",
      `Result window is too large, from + size must be less than or equal to: [${MAX_RESULT_WINDOW}] but was [${from + size}]`,
    );
  }
  const found = find(indices, body);
  const withSource = fieldOf(body, "_source") !== false;
  return {
    took: 0,
    timed_out: false,
    hits: {
      total: { value: found.length, relation: "eq" },
      max_score: found.length === 0 ? null : 1,
      hits: found.slice(from, from + size).map((hit) => hitOf(hit, withSource)),
    },
  };
}

function hitOf({ index, id, document }: Hit, withSource: boolean): JsonObject {
  const hit = { _index: index, _id: id, _score: 1 };
  return withSource ? { ...hit, _source: document.source } : hit;
}

function numberOf(body: unknown, name: string, otherwise: number): number {
  const value = fieldOf(body, name) ?? otherwise;
  if (typeof value === "number" && Number.isInteger(value) && value >= 0) return value;
  throw new OpenSearchError("illegal_argument_exception", `[${name}] must be a number from 0`);
}
