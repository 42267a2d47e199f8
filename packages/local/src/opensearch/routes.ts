import type { Random } from "../clock.js";
import type { CallParameters } from "../journal.js";
import { requireWritableCluster } from "./blocks.js";
import { readActions } from "./bulk.js";
import { notEmulated, OpenSearchError } from "./errors.js";
import type { Indices } from "./indices.js";
import { find, searchAnswer } from "./search.js";
import { isObject, type JsonObject } from "../json-values.js";
import { applyAction, type BulkFailure } from "./writes.js";

/** A call whose body has arrived. */
export interface OpenSearchCall {
  readonly indices: Indices;
  readonly random: Random;
  readonly body: Buffer;
  /** With what document `place` of a bulk request fails by a fault rule. */
  readonly failureOf: (place: number) => BulkFailure | undefined;
}

/** An answer. */
export interface OpenSearchAnswer {
  readonly status: number;
  readonly body: JsonObject;
}

/** What a request asks for. */
export interface OpenSearchRoute {
  readonly operation: string;
  readonly parameters: CallParameters;
  readonly changes: boolean;
  readonly run: (call: OpenSearchCall) => OpenSearchAnswer;
}

const ok = (body: JsonObject): OpenSearchAnswer => ({ status: 200, body });

/** Query parameters that change nothing here: one node, nothing to wait for. `filter_path` is applied to every answer. */
const PARAMETERS = new Set(["filter_path", "refresh", "timeout", "pretty", "wait_for_active_shards"]);

/** Finds the operation of a request; what is not emulated is refused by name. */
export function routeOf(method: string, url: URL): OpenSearchRoute {
  for (const name of url.searchParams.keys())
    if (!PARAMETERS.has(name)) throw notEmulated(`the query parameter ${name}`);
  const path = url.pathname.split("/").slice(1).map(decode);
  const parts = path.at(-1) === "" ? path.slice(0, -1) : path;
  const [first = "", second, third] = parts;
  const read = method === "GET" || method === "POST";
  if (parts.length === 0 && (method === "GET" || method === "HEAD")) return info;
  if (first === "_bulk" && parts.length === 1 && isWrite(method)) return bulk(undefined);
  if (second === "_bulk" && parts.length === 2 && isWrite(method)) return bulk(first);
  if (first === "_count" && parts.length === 1 && read) return count("");
  if (second === "_count" && parts.length === 2 && read) return count(first);
  if (first === "_search" && parts.length === 1 && read) return search("");
  if (second === "_search" && parts.length === 2 && read) return search(first);
  if ((first === "_refresh" || second === "_refresh") && read)
    return refresh(first === "_refresh" ? "" : first);
  if (second === "_doc" && third !== undefined && parts.length === 3 && method === "GET")
    return getDocument(first, third);
  if (first === "_index_template" && second !== undefined && method === "PUT") return putTemplate(second);
  if (first === "_data_stream" && second !== undefined && method === "PUT") return createDataStream(second);
  if (second === "_rollover" && method === "POST") return rollover(first);
  if (first === "_cluster" && second === "settings" && method === "PUT") return changeClusterSettings;
  if (second === "_settings" && method === "PUT") return changeSettings(first);
  if ((second === "_close" || second === "_open") && method === "POST")
    return setClosed(first, second === "_close");
  if (parts.length === 1 && !first.startsWith("_")) {
    if (method === "PUT") return createIndex(first);
    if (method === "DELETE") return deleteIndex(first);
    if (method === "HEAD") return indexExists(first);
  }
  throw notEmulated(`${method} ${url.pathname}`);
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new OpenSearchError("illegal_argument_exception", "the path cannot be decoded");
  }
}

function isWrite(method: string): boolean {
  return method === "POST" || method === "PUT";
}

const info: OpenSearchRoute = {
  operation: "Info",
  parameters: {},
  changes: false,
  run: () =>
    ok({
      name: "local",
      cluster_name: "local",
      version: { distribution: "opensearch", number: "3.0.0" },
      tagline: "The OpenSearch Project: https://opensearch.org/",
    }),
};

function bulk(index: string | undefined): OpenSearchRoute {
  return {
    operation: "Bulk",
    parameters: index === undefined ? {} : { index },
    changes: true,
    run: ({ indices, random, body, failureOf }) => {
      requireWritableCluster(indices.clusterSettings());
      const actions = readActions(body, index, random);
      let errors = false;
      const items = actions.map((action, place) => {
        const item = applyAction(indices, action, failureOf(place));
        errors ||= item.body["error"] !== undefined;
        return { [action.kind]: item.body };
      });
      return ok({ took: 0, errors, items });
    },
  };
}

function count(name: string): OpenSearchRoute {
  return {
    operation: "Count",
    parameters: { index: name },
    changes: false,
    run: ({ indices, body }) =>
      ok({
        count: find(indices.behind(name), jsonOf(body)).length,
        _shards: { total: 1, successful: 1, failed: 0 },
      }),
  };
}

function search(name: string): OpenSearchRoute {
  return {
    operation: "Search",
    parameters: { index: name },
    changes: false,
    run: ({ indices, body }) => ok(searchAnswer(indices.behind(name), jsonOf(body))),
  };
}

function refresh(name: string): OpenSearchRoute {
  return {
    operation: "Refresh",
    parameters: { index: name },
    changes: false,
    run: ({ indices }) => ok({ _shards: { total: indices.behind(name).length, failed: 0 } }),
  };
}

function getDocument(name: string, id: string): OpenSearchRoute {
  return {
    operation: "GetDocument",
    parameters: { index: name, id },
    changes: false,
    run: ({ indices }) => {
      for (const index of indices.behind(name)) {
        const document = index.documents.get(id);
        if (document !== undefined) {
          const { version, seqNo, source } = document;
          return ok({
            _index: index.name,
            _id: id,
            _version: version,
            _seq_no: seqNo,
            found: true,
            _source: source,
          });
        }
      }
      return { status: 404, body: { _index: name, _id: id, found: false } };
    },
  };
}

function createIndex(index: string): OpenSearchRoute {
  return {
    operation: "CreateIndex",
    parameters: { index },
    changes: true,
    run: ({ indices, body }) => {
      indices.create(index, jsonOf(body));
      return ok({ acknowledged: true, shards_acknowledged: true, index });
    },
  };
}

function deleteIndex(index: string): OpenSearchRoute {
  return {
    operation: "DeleteIndex",
    parameters: { index },
    changes: true,
    run: ({ indices }) => {
      indices.remove(index);
      return ok({ acknowledged: true });
    },
  };
}

function indexExists(index: string): OpenSearchRoute {
  return {
    operation: "IndexExists",
    parameters: { index },
    changes: false,
    run: ({ indices }) => ({ status: indices.names().includes(index) ? 200 : 404, body: {} }),
  };
}

function putTemplate(name: string): OpenSearchRoute {
  return {
    operation: "PutIndexTemplate",
    parameters: { name },
    changes: true,
    run: ({ indices, body }) => {
      indices.putTemplate(name, jsonOf(body));
      return ok({ acknowledged: true });
    },
  };
}

function createDataStream(name: string): OpenSearchRoute {
  return {
    operation: "CreateDataStream",
    parameters: { name },
    changes: true,
    run: ({ indices }) => {
      indices.createDataStream(name);
      return ok({ acknowledged: true });
    },
  };
}

function rollover(name: string): OpenSearchRoute {
  return {
    operation: "Rollover",
    parameters: { name },
    changes: true,
    run: ({ indices }) => {
      const [oldIndex, newIndex] = indices.rollover(name);
      return ok({ acknowledged: true, rolled_over: true, old_index: oldIndex, new_index: newIndex });
    },
  };
}

const changeClusterSettings: OpenSearchRoute = {
  operation: "PutClusterSettings",
  parameters: {},
  changes: true,
  run: ({ indices, body }) => {
    indices.changeClusterSettings(jsonOf(body));
    return ok({ acknowledged: true });
  },
};

function changeSettings(index: string): OpenSearchRoute {
  return {
    operation: "PutIndexSettings",
    parameters: { index },
    changes: true,
    run: ({ indices, body }) => {
      indices.changeSettings(index, jsonOf(body));
      return ok({ acknowledged: true });
    },
  };
}

function setClosed(index: string, isClosed: boolean): OpenSearchRoute {
  return {
    operation: isClosed ? "CloseIndex" : "OpenIndex",
    parameters: { index },
    changes: true,
    run: ({ indices }) => {
      indices.setClosed(index, isClosed);
      return ok({ acknowledged: true });
    },
  };
}

function jsonOf(body: Buffer): JsonObject {
  if (body.length === 0) return {};
  try {
    const parsed: unknown = JSON.parse(body.toString("utf8"));
    if (isObject(parsed)) return parsed;
  } catch {
    throw new OpenSearchError("parse_exception", "request body is not JSON");
  }
  throw new OpenSearchError("parse_exception", "request body is no object");
}
