import { asDoubles, parseExact, stringifyExact } from "../exact-json.js";
import { findFault, type FiredFault, isCutBefore } from "../faults.js";
import { answerControlRoute } from "../http/control-routes.js";
import type { Exchange } from "../http/exchange.js";
import { startLoopbackServer, type TlsFiles } from "../http/loopback-server.js";
import { readBody } from "../http/read-body.js";
import { delayFault, sendReply } from "../http/reply.js";
import type { CallParameters } from "../journal.js";
import type { SharedParts } from "../shared-parts.js";
import { createDoor, type Door, type IcebergAuthorization } from "./authorization.js";
import { badRequest, errorAnswer, IcebergError, notEmulated } from "./errors.js";
import { commitOfSomebodyElse } from "./foreign-commit.js";
import { ENDPOINTS, type IcebergAnswer, type IcebergRoute, routeOf } from "./routes.js";
import { createTables, type FileStore, type TableName, type Tables } from "./tables.js";

/** Settings of the local Iceberg catalog. */
export interface IcebergOptions {
  /** Port on 127.0.0.1; default 0 takes a free one. */
  readonly port?: number;
  /** Where tables lie whose creator names no location; its bucket is made at the start. Default `s3://warehouse`. */
  readonly warehouse?: string;
  /** The only `warehouse` that `/v1/config` knows; others are 404. Default: any is answered. */
  readonly warehouseName?: string;
  /** What stands between `/v1/` and `namespaces`, as it is in paths; `/v1/config` tells it. Default: nothing. */
  readonly prefix?: string;
  /** Who may call. Default: everybody. */
  readonly authorization?: IcebergAuthorization;
  /** Also speaks TLS on the same port. */
  readonly tls?: TlsFiles;
}

/** The same, and what the servers share. */
export interface IcebergServerOptions extends IcebergOptions, SharedParts {
  /** How the caller calls the port, for the error when it is taken. */
  readonly portOption?: string;
  /** Where metadata files are written. */
  readonly files: FileStore;
  /** The local S3's address, for readers. */
  readonly filesUrl: string;
}

/** A table as a test or a sample looks at it, without a request. */
export interface LocalTable {
  readonly metadataLocation: string;
  /** As its metadata file has it, but for numbers past 2^53, which are rounded. */
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** A running local Iceberg catalog. */
export interface IcebergServer {
  readonly url: string;
  readonly port: number;
  /** Makes a namespace of one or several levels, with those above it; nothing happens when it is there. */
  readonly createNamespace: (...levels: readonly string[]) => void;
  /** A table's state; undefined when there is none of that name. */
  readonly table: (namespace: string | readonly string[], name: string) => LocalTable | undefined;
  /** Stops at once; open connections are cut. */
  readonly close: () => Promise<void>;
}

interface Catalog {
  readonly options: IcebergServerOptions;
  readonly tables: Tables;
  readonly door: Door;
}

const MAX_BODY_BYTES = 64 * 1024 * 1024;
const DEFAULT_WAREHOUSE = "s3://warehouse";

/** One call on its way through the server. */
interface Progress {
  operation: string;
  parameters: CallParameters;
  faults: readonly FiredFault[];
  applied: boolean;
}

/** Starts an Iceberg REST catalog on loopback, written from the REST specification; tables lie in the local S3. */
export async function startIcebergServer(options: IcebergServerOptions): Promise<IcebergServer> {
  const { clock, random, files } = options;
  const warehouse = (options.warehouse ?? DEFAULT_WAREHOUSE).replace(/\/+$/, "");
  const bucket = /^s3:\/\/([^/]+)/.exec(warehouse)?.[1];
  if (bucket !== undefined) files.createBucket(bucket);
  const tables = createTables(warehouse, { clock, random, files });
  const catalog: Catalog = { options, tables, door: createDoor(options.authorization, options) };
  const server = await startLoopbackServer({
    ...(options.port === undefined ? {} : { port: options.port }),
    ...(options.portOption === undefined ? {} : { portOption: options.portOption }),
    ...(options.tls === undefined ? {} : { tls: options.tls }),
    onRequest: (exchange) => serve(exchange, catalog),
  });
  return {
    url: server.url,
    port: server.port,
    createNamespace: (...levels) => {
      for (const [depth, level] of levels.entries()) {
        const parent = levels.slice(0, depth);
        const isThere = tables.namespaces(parent).some((one) => one.at(-1) === level);
        if (!isThere) tables.createNamespace([...parent, level], {});
      }
    },
    table: (namespace, name) => {
      const levels = typeof namespace === "string" ? [namespace] : namespace;
      const found = loadOrNone(tables, { namespace: levels, name });
      if (found?.metadataLocation === undefined) return undefined;
      const metadata = asDoubles(found.metadata) as LocalTable["metadata"];
      return { metadataLocation: found.metadataLocation, metadata };
    },
    close: server.close,
  };
}

function loadOrNone(tables: Tables, table: TableName): ReturnType<Tables["load"]> | undefined {
  try {
    return tables.load(table);
  } catch (error) {
    if (error instanceof IcebergError && error.status === 404) return undefined;
    throw error;
  }
}

async function serve(exchange: Exchange, catalog: Catalog): Promise<void> {
  const { options } = catalog;
  if (await answerControlRoute(exchange, options)) return;
  const { request } = exchange;
  const progress: Progress = { operation: "Unknown", parameters: {}, faults: [], applied: false };
  let answer: IcebergAnswer;
  let errorCode: string | undefined;
  try {
    answer = await perform(exchange, progress, catalog);
  } catch (error) {
    // What else can fail is the connection inside the body; the answer then reaches nobody.
    const failure =
      error instanceof IcebergError
        ? error
        : new IcebergError("InternalServerError", error instanceof Error ? error.message : String(error));
    errorCode = failure.type;
    answer = { status: failure.status, body: errorAnswer(failure) };
  }
  // An error may come before the body was read: the client must be able to send all of it, or it sees a broken pipe.
  request.resume();
  await delayFault(options.clock, progress.faults, "after");
  const hasBody = answer.body !== undefined && request.method !== "HEAD";
  const reply = {
    status: answer.status,
    headers: { ...answer.headers, ...(hasBody ? { "content-type": "application/json" } : {}) },
    body: hasBody ? Buffer.from(stringifyExact(answer.body)) : Buffer.alloc(0),
  };
  const record = (status: number): void => {
    const { operation, parameters, applied, faults } = progress;
    options.journal.record({
      server: "iceberg",
      operation,
      parameters,
      applied,
      status,
      ...(errorCode === undefined ? {} : { errorCode }),
      ...(faults.length === 0 ? {} : { faults: faults.map((fault) => fault.id) }),
    });
  };
  // Without faults the entry is written before the answer, so that who has the answer finds the entry.
  if (progress.faults.length === 0) record(reply.status);
  const status = await sendReply(exchange, reply, progress.faults, options.clock);
  if (progress.faults.length > 0) record(status);
}

/** Body, faults before the change, the change, faults after it; in this order, so that a late commit stays a commit. */
async function perform(exchange: Exchange, progress: Progress, catalog: Catalog): Promise<IcebergAnswer> {
  const { request } = exchange;
  const { options, tables, door } = catalog;
  const body = await readBody(request, MAX_BODY_BYTES);
  const url = new URL(request.url ?? "/", "http://127.0.0.1");
  const method = request.method ?? "GET";
  const isTokens = method === "POST" && url.pathname === "/v1/oauth/tokens";
  const route = isTokens
    ? tokensRoute(exchange, body ?? Buffer.alloc(0), door)
    : resolve(method, url, request.headers["if-none-match"] ?? "", options);
  const { operation, parameters } = route;
  progress.operation = operation;
  progress.parameters = parameters;
  progress.faults = options.faults.take({ server: "iceberg", operation, parameters });
  const { faults } = progress;
  if (body === undefined) throw badRequest("the body is longer than 64 MiB");
  await delayFault(options.clock, faults, "before");
  raiseFault(faults, "before");
  if (isCutBefore(faults) && route.changes) return { status: 500, body: {} };
  if (!isTokens) door.check(request, body);
  const call = {
    tables,
    body: route.changes && !isTokens ? parsed(body) : undefined,
    tableConfig: tableConfig(options),
  };
  if (findFault(faults, "foreign-commit", "before")) commitOfSomebodyElse(parameters, tables, options);
  const answer = route.run(call);
  progress.applied = route.changes && answer.status < 300;
  if (findFault(faults, "foreign-commit", "after")) commitOfSomebodyElse(parameters, tables, options);
  raiseFault(faults, "after");
  return answer;
}

function resolve(method: string, url: URL, etag: string, options: IcebergServerOptions): IcebergRoute {
  if (method === "GET" && url.pathname === "/v1/config") return configRoute(url, options);
  const root = ["/v1", ...(options.prefix === undefined ? [] : [options.prefix])].join("/");
  if (!url.pathname.startsWith(`${root}/`)) throw notEmulated(`${method} ${url.pathname}`);
  const path = url.pathname
    .slice(root.length + 1)
    .split("/")
    .map(decode);
  return routeOf(method, path, url, etag);
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw badRequest("the path cannot be decoded");
  }
}

function parsed(body: Buffer): unknown {
  if (body.length === 0) return undefined;
  try {
    return parseExact(body.toString());
  } catch {
    throw badRequest("Malformed request: the body is no JSON");
  }
}

function configRoute(url: URL, options: IcebergServerOptions): IcebergRoute {
  const warehouse = url.searchParams.get("warehouse");
  return {
    operation: "GetConfig",
    parameters: warehouse === null ? {} : { warehouse },
    changes: false,
    run: () => {
      const { warehouseName, prefix } = options;
      if (warehouseName !== undefined && warehouse !== warehouseName)
        throw new IcebergError("NoSuchWarehouseException", `Warehouse does not exist: ${warehouse ?? ""}`);
      return {
        status: 200,
        body: {
          defaults: tableConfig(options),
          overrides: prefix === undefined ? {} : { prefix },
          endpoints: ENDPOINTS,
        },
      };
    },
  };
}

function tokensRoute(exchange: Exchange, body: Buffer, door: Door): IcebergRoute {
  return {
    operation: "GetToken",
    parameters: {},
    changes: false,
    run: () => door.exchange(exchange.request, body),
  };
}

/** How to read a table's files, by the names of Iceberg's own settings (REST specification, `LoadTableResult`). */
function tableConfig({ filesUrl, region }: IcebergServerOptions): Readonly<Record<string, string>> {
  return {
    "client.region": region,
    "s3.region": region,
    "s3.endpoint": filesUrl,
    "s3.path-style-access": "true",
    "s3.access-key-id": "local",
    "s3.secret-access-key": "local",
  };
}

function raiseFault(faults: readonly FiredFault[], phase: "before" | "after"): void {
  const error = findFault(faults, "error", phase);
  if (error !== undefined)
    throw new IcebergError(error.code, error.message ?? "[local] a fault rule asked for it", error.status);
}
