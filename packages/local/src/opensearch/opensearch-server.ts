import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { asDoubles, stringifyExact } from "../exact-json.js";
import { findFault, type FiredFault, isCutBefore } from "../faults.js";
import { answerControlRoute } from "../http/control-routes.js";
import type { Exchange } from "../http/exchange.js";
import { startLoopbackServer, type TlsFiles } from "../http/loopback-server.js";
import { readBody } from "../http/read-body.js";
import { delayFault, sendReply } from "../http/reply.js";
import type { CallParameters } from "../journal.js";
import type { SharedParts } from "../shared-parts.js";
import { errorAnswer, OpenSearchError, statusOfType } from "./errors.js";
import { filtered } from "./filter-path.js";
import { createIndices, type Indices } from "./indices.js";
import { routeOf, type OpenSearchAnswer, type OpenSearchCall, type OpenSearchRoute } from "./routes.js";
import { find } from "./search.js";
import type { JsonObject } from "../json-values.js";

/** Settings of the local OpenSearch. */
export interface OpenSearchOptions {
  /** Port on 127.0.0.1; default 0 takes a free one. */
  readonly port?: number;
  /** `http.max_content_length`: a longer body is answered with 413. Default 100 MiB; 10 MiB on small instances of AWS. */
  readonly maxContentBytes?: number;
  /** Writing to an index that does not exist makes it (`action.auto_create_index`). Default true. */
  readonly autoCreateIndex?: boolean;
  /** Updates may hold scripts (`script.allowed_types`). Default true. */
  readonly scripts?: boolean;
  /** Documents take no ids of their writers, as in collections of OpenSearch Serverless for time series and vector search. Default false. */
  readonly choosesIds?: boolean;
  /** Also speaks TLS on the same port. */
  readonly tls?: TlsFiles;
}

/** The same, and what the servers share. */
export interface OpenSearchServerOptions extends OpenSearchOptions, SharedParts {
  /** How the caller calls the port, for the error when it is taken. */
  readonly portOption?: string;
}

/** A document as a test or a sample looks at it, without a request. */
export interface LocalDocument {
  readonly index: string;
  readonly id: string;
  readonly source: Readonly<Record<string, unknown>>;
  readonly version: number;
}

/** A running local OpenSearch. */
export interface OpenSearchServer {
  readonly url: string;
  readonly port: number;
  /** The documents of an index, a data stream or a pattern such as `clicks-*`, in the order in which they were first written. */
  readonly documents: (name: string) => readonly LocalDocument[];
  /** Names of all indices. */
  readonly indices: () => readonly string[];
  /** Stops at once; open connections are cut. */
  readonly close: () => Promise<void>;
}

const MAX_CONTENT_BYTES = 100 * 1024 * 1024;
const unzip = promisify(gunzip);

/** One call on its way through the server. */
interface Progress {
  operation: string;
  parameters: CallParameters;
  faults: readonly FiredFault[];
  applied: boolean;
}

/** Starts OpenSearch's `_bulk` and what is needed around it on loopback; documents live in memory. */
export async function startOpenSearchServer(options: OpenSearchServerOptions): Promise<OpenSearchServer> {
  const indices = createIndices(
    options.autoCreateIndex ?? true,
    options.scripts ?? true,
    options.choosesIds ?? false,
  );
  const server = await startLoopbackServer({
    ...(options.port === undefined ? {} : { port: options.port }),
    ...(options.portOption === undefined ? {} : { portOption: options.portOption }),
    ...(options.tls === undefined ? {} : { tls: options.tls }),
    onRequest: (exchange) => serve(exchange, indices, options),
  });
  return {
    url: server.url,
    port: server.port,
    documents: (name) =>
      find(indices.behind(name), {}).map(({ index, id, document }) => ({
        index,
        id,
        source: asDoubles(document.source) as LocalDocument["source"],
        version: document.version,
      })),
    indices: indices.names,
    close: server.close,
  };
}

async function serve(exchange: Exchange, indices: Indices, options: OpenSearchServerOptions): Promise<void> {
  if (await answerControlRoute(exchange, options)) return;
  const { request } = exchange;
  const url = new URL(request.url ?? "/", "http://127.0.0.1");
  const progress: Progress = { operation: "Unknown", parameters: {}, faults: [], applied: false };
  let answer: OpenSearchAnswer;
  let errorCode: string | undefined;
  try {
    const route = routeOf(request.method ?? "GET", url);
    progress.operation = route.operation;
    progress.parameters = route.parameters;
    answer = await perform(exchange, route, progress, indices, options);
  } catch (error) {
    // What else can fail is the connection inside the body; the answer then reaches nobody.
    const failure =
      error instanceof OpenSearchError
        ? error
        : new OpenSearchError(
            "internal_server_error",
            error instanceof Error ? error.message : String(error),
          );
    errorCode = failure.type;
    answer = { status: failure.status, body: errorAnswer(failure) };
  }
  // An error may come before the body was read: the client must be able to send all of it, or it sees a broken pipe.
  request.resume();
  await delayFault(options.clock, progress.faults, "after");
  const json = Buffer.from(stringifyExact(filtered(answer.body, url.searchParams.get("filter_path"))));
  const reply = {
    status: answer.status,
    headers: { "content-type": "application/json; charset=UTF-8" },
    body: request.method === "HEAD" ? Buffer.alloc(0) : json,
  };
  const record = (status: number): void => {
    const { operation, parameters, applied, faults } = progress;
    options.journal.record({
      server: "opensearch",
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

/** Body, faults before the change, the change, faults after it; in this order, so that a late write stays a write. */
async function perform(
  exchange: Exchange,
  route: OpenSearchRoute,
  progress: Progress,
  indices: Indices,
  options: OpenSearchServerOptions,
): Promise<OpenSearchAnswer> {
  const { clock, random } = options;
  const body = await bodyOf(exchange, options.maxContentBytes ?? MAX_CONTENT_BYTES);
  if (route.operation === "Bulk" && body !== undefined)
    progress.parameters = { ...route.parameters, documents: countDocuments(body), bytes: body.length };
  const { operation, parameters } = progress;
  progress.faults = options.faults.take({ server: "opensearch", operation, parameters });
  const { faults } = progress;
  if (body === undefined)
    throw new OpenSearchError(
      "content_too_long_exception",
      "the body is longer than http.max_content_length",
    );
  await delayFault(clock, faults, "before");
  raiseFault(faults, "before");
  if (isCutBefore(faults) && route.changes) return { status: 500, body: {} };
  const insteadOf = successWithError(faults, "before");
  if (insteadOf !== undefined) return insteadOf;
  const answer = route.run({ indices, random, body, failureOf: partialFailures(faults, random) });
  progress.applied = route.changes;
  raiseFault(faults, "after");
  return successWithError(faults, "after") ?? answer;
}

/** The body, unpacked; undefined when there is too much of it, packed or not. */
async function bodyOf({ request }: Exchange, maxBytes: number): Promise<Buffer | undefined> {
  const body = await readBody(request, maxBytes);
  const encoding = request.headers["content-encoding"];
  if (body === undefined || encoding === undefined || encoding === "identity") return body;
  if (encoding !== "gzip")
    throw new OpenSearchError("illegal_argument_exception", `content-encoding ${encoding} is not known`);
  try {
    return await unzip(body, { maxOutputLength: maxBytes });
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw new OpenSearchError("parse_exception", "the body is no gzip");
  }
}

/** Every line is an action or a document; a delete has no document, so its lines count for less. */
function countDocuments(body: Buffer): number {
  let lines = 0;
  let deletes = 0;
  for (let at = 0; at < body.length; lines += 1) {
    if (body.subarray(at, at + 10).toString("latin1") === '{"delete":') deletes += 1;
    const end = body.indexOf(0x0a, at);
    at = end === -1 ? body.length : end + 1;
  }
  return (lines - deletes) / 2 + deletes;
}

function raiseFault(faults: readonly FiredFault[], phase: "before" | "after"): void {
  const error = findFault(faults, "error", phase);
  if (error !== undefined)
    throw new OpenSearchError(error.code, error.message ?? "[local] a fault rule asked for it", error.status);
}

/** 200 with an error document where the items should be. */
function successWithError(
  faults: readonly FiredFault[],
  phase: "before" | "after",
): OpenSearchAnswer | undefined {
  const effect = findFault(faults, "success-with-error", phase);
  if (effect === undefined) return undefined;
  const body: JsonObject = errorAnswer(
    new OpenSearchError(effect.code, effect.message ?? "[local] a fault rule asked for it"),
  );
  return { status: 200, body };
}

/** Which documents of a bulk request fail, and how; several rules may fire on one request. */
function partialFailures(
  faults: readonly FiredFault[],
  random: SharedParts["random"],
): OpenSearchCall["failureOf"] {
  return (place) => {
    for (const { effect } of faults) {
      if (effect.kind !== "partial-failure") continue;
      const { indexes, share = 1, code = "rejected_execution_exception", error, status } = effect;
      const fails = indexes === undefined ? random.next() < share : indexes.includes(place);
      if (fails)
        return {
          status: status ?? statusOfType(code),
          error: error ?? { type: code, reason: "[local] a fault rule asked for it" },
        };
    }
    return undefined;
  };
}
