import { createHash } from "node:crypto";
import type { OutgoingHttpHeaders } from "node:http";
import { isObject, type JsonObject } from "../json-values.js";
import type { CallParameters } from "../journal.js";
import { texts, textMap } from "./checked.js";
import { badRequest, notEmulated } from "./errors.js";
import { withRefsOnly } from "./snapshots.js";
import type { StoredTable, TableName, Tables } from "./tables.js";

/** A call whose body has arrived. */
interface IcebergCall {
  readonly tables: Tables;
  /** The body, with numbers past 2^53 as they were written. */
  readonly body: unknown;
  /** Settings that a table is sent with, for readers that have none of their own. */
  readonly tableConfig: Readonly<Record<string, string>>;
}

/** An answer; no body for 204 and 304. */
export interface IcebergAnswer {
  readonly status: number;
  readonly body?: JsonObject;
  readonly headers?: OutgoingHttpHeaders;
}

/** What a request asks for, by the operation ids of the REST specification. */
export interface IcebergRoute {
  readonly operation: string;
  readonly parameters: CallParameters;
  readonly changes: boolean;
  readonly run: (call: IcebergCall) => IcebergAnswer;
}

/** Finds the operation below the prefix; what is not emulated is refused by name. */
export function routeOf(method: string, path: readonly string[], url: URL, etag: string): IcebergRoute {
  const [first, second, third, fourth, fifth] = path;
  if (first !== "namespaces") throw notEmulated(`${method} ${url.pathname}`);
  if (path.length === 1) {
    if (method === "GET") return listNamespaces(url);
    if (method === "POST") return createNamespace;
  }
  const namespace = levelsOf(second ?? "");
  if (path.length === 2) {
    if (method === "GET") return loadNamespace(namespace);
    if (method === "HEAD") return namespaceExists(namespace);
    if (method === "DELETE") return dropNamespace(namespace);
  }
  if (third === "tables" && path.length === 3) {
    if (method === "GET") return listTables(namespace, url);
    if (method === "POST") return createTable(namespace);
  }
  const table = { namespace, name: fourth ?? "" };
  if (third === "tables" && path.length === 4) {
    if (method === "GET") return loadTable(table, url, etag);
    if (method === "HEAD") return tableExists(table);
    if (method === "POST") return commit(table);
    if (method === "DELETE") return dropTable(table, url);
  }
  if (third === "tables" && fifth === "metrics" && path.length === 5 && method === "POST")
    return reportMetrics(table);
  throw notEmulated(`${method} ${url.pathname}`);
}

/** Which of them there are, for `/v1/config`. */
export const ENDPOINTS: readonly string[] = [
  "GET /v1/{prefix}/namespaces",
  "POST /v1/{prefix}/namespaces",
  "GET /v1/{prefix}/namespaces/{namespace}",
  "HEAD /v1/{prefix}/namespaces/{namespace}",
  "DELETE /v1/{prefix}/namespaces/{namespace}",
  "GET /v1/{prefix}/namespaces/{namespace}/tables",
  "POST /v1/{prefix}/namespaces/{namespace}/tables",
  "GET /v1/{prefix}/namespaces/{namespace}/tables/{table}",
  "HEAD /v1/{prefix}/namespaces/{namespace}/tables/{table}",
  "POST /v1/{prefix}/namespaces/{namespace}/tables/{table}",
  "DELETE /v1/{prefix}/namespaces/{namespace}/tables/{table}",
  "POST /v1/{prefix}/namespaces/{namespace}/tables/{table}/metrics",
];

const NO_CONTENT: IcebergAnswer = { status: 204 };

function levelsOf(text: string): readonly string[] {
  return text.split("\u001F");
}

function bodyOf({ body }: IcebergCall): JsonObject {
  if (!isObject(body)) throw badRequest("Malformed request: the body must be a JSON object");
  return body;
}

function named(namespace: readonly string[]): CallParameters {
  return { namespace: namespace.join(".") };
}

function tableParameters({ namespace, name }: TableName): CallParameters {
  return { ...named(namespace), table: name };
}

/** A page: `pageToken` is where it starts. Without `pageSize` all is one page, and no token is sent. */
function pageOf<Item>(
  items: readonly Item[],
  url: URL,
): { readonly page: readonly Item[]; readonly token: string | null } {
  const size = url.searchParams.get("pageSize");
  const start = Number(url.searchParams.get("pageToken") ?? 0);
  if (size === null) return { page: items.slice(start), token: null };
  const end = start + Number(size);
  return { page: items.slice(start, end), token: end < items.length ? String(end) : null };
}

function listNamespaces(url: URL): IcebergRoute {
  const parent = url.searchParams.get("parent") ?? "";
  return {
    operation: "ListNamespaces",
    parameters: {},
    changes: false,
    run: ({ tables }) => {
      const levels = parent === "" ? [] : levelsOf(parent);
      if (levels.length > 0) tables.namespace(levels);
      const { page, token } = pageOf(tables.namespaces(levels), url);
      return { status: 200, body: { namespaces: page, "next-page-token": token } };
    },
  };
}

const createNamespace: IcebergRoute = {
  operation: "CreateNamespace",
  parameters: {},
  changes: true,
  run: (call) => {
    const request = bodyOf(call);
    const namespace = texts(request, "namespace");
    const properties = textMap(request, "properties");
    call.tables.createNamespace(namespace, properties);
    return { status: 200, body: { namespace, properties } };
  },
};

function loadNamespace(namespace: readonly string[]): IcebergRoute {
  return {
    operation: "LoadNamespaceMetadata",
    parameters: named(namespace),
    changes: false,
    run: ({ tables }) => ({ status: 200, body: { namespace, properties: tables.namespace(namespace) } }),
  };
}

function namespaceExists(namespace: readonly string[]): IcebergRoute {
  return {
    operation: "NamespaceExists",
    parameters: named(namespace),
    changes: false,
    run: ({ tables }) => {
      tables.namespace(namespace);
      return NO_CONTENT;
    },
  };
}

function dropNamespace(namespace: readonly string[]): IcebergRoute {
  return {
    operation: "DropNamespace",
    parameters: named(namespace),
    changes: true,
    run: ({ tables }) => {
      tables.dropNamespace(namespace);
      return NO_CONTENT;
    },
  };
}

function listTables(namespace: readonly string[], url: URL): IcebergRoute {
  return {
    operation: "ListTables",
    parameters: named(namespace),
    changes: false,
    run: ({ tables }) => {
      const { page, token } = pageOf(tables.list(namespace), url);
      return {
        status: 200,
        body: { identifiers: page.map((name) => ({ namespace, name })), "next-page-token": token },
      };
    },
  };
}

function createTable(namespace: readonly string[]): IcebergRoute {
  return {
    operation: "CreateTable",
    parameters: named(namespace),
    changes: true,
    run: (call) => tableAnswer(call.tables.create(namespace, bodyOf(call)), call),
  };
}

function loadTable(table: TableName, url: URL, etag: string): IcebergRoute {
  const snapshots = url.searchParams.get("snapshots") ?? "all";
  return {
    operation: "LoadTable",
    parameters: { ...tableParameters(table), snapshots },
    changes: false,
    run: (call) => {
      if (snapshots !== "all" && snapshots !== "refs") throw badRequest("snapshots takes all or refs");
      const stored = call.tables.load(table);
      if (etag !== "" && etag === etagOf(stored, snapshots)) return { status: 304 };
      return tableAnswer(stored, call, snapshots);
    },
  };
}

function tableExists(table: TableName): IcebergRoute {
  return {
    operation: "TableExists",
    parameters: tableParameters(table),
    changes: false,
    run: ({ tables }) => {
      tables.load(table);
      return NO_CONTENT;
    },
  };
}

function commit(table: TableName): IcebergRoute {
  return {
    operation: "UpdateTable",
    parameters: tableParameters(table),
    changes: true,
    run: (call) => {
      const stored = call.tables.commit(table, bodyOf(call));
      const { metadata, metadataLocation } = stored;
      return {
        status: 200,
        headers: { etag: etagOf(stored, "all") },
        body: { "metadata-location": metadataLocation, metadata },
      };
    },
  };
}

function dropTable(table: TableName, url: URL): IcebergRoute {
  return {
    operation: "DropTable",
    parameters: tableParameters(table),
    changes: true,
    run: ({ tables }) => {
      if (url.searchParams.get("purgeRequested")?.toLowerCase() === "true")
        throw notEmulated("purgeRequested: the files stay, drop without it");
      tables.drop(table);
      return NO_CONTENT;
    },
  };
}

/** Readers tell what they scanned; nobody asks for it here. */
function reportMetrics(table: TableName): IcebergRoute {
  return {
    operation: "ReportMetrics",
    parameters: tableParameters(table),
    changes: false,
    run: ({ tables }) => {
      tables.load(table);
      return NO_CONTENT;
    },
  };
}

function tableAnswer(stored: StoredTable, { tableConfig }: IcebergCall, snapshots = "all"): IcebergAnswer {
  const { metadata, metadataLocation } = stored;
  return {
    status: 200,
    headers: { etag: etagOf(stored, snapshots) },
    body: {
      ...(metadataLocation === undefined ? {} : { "metadata-location": metadataLocation }),
      metadata: snapshots === "refs" ? withRefsOnly(metadata) : metadata,
      config: tableConfig,
    },
  };
}

/** "snapshots may result in different representations, therefore should have distinct ETags." */
function etagOf({ metadataLocation = "" }: StoredTable, snapshots: string): string {
  return `"${createHash("sha256").update(`${snapshots} ${metadataLocation}`).digest("hex").slice(0, 32)}"`;
}
