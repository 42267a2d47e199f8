import { crc32 } from "node:zlib";
import type { Random } from "../clock.js";
import { findFault, type FiredFault, isCutBefore } from "../faults.js";
import { answerControlRoute } from "../http/control-routes.js";
import type { Exchange } from "../http/exchange.js";
import { startLoopbackServer, type TlsFiles } from "../http/loopback-server.js";
import { readBody } from "../http/read-body.js";
import { delayFault, sendReply, type Reply } from "../http/reply.js";
import type { CallParameters } from "../journal.js";
import type { SharedParts } from "../shared-parts.js";
import { parametersOf } from "./call-parameters.js";
import type { LeavesOut } from "./batches.js";
import { createDatabase, isChange, type Database } from "./database.js";
import type { Json } from "./engine.js";
import { DynamoDbError, validationError } from "./errors.js";

/** Settings of the local DynamoDB. */
export interface DynamoDbOptions {
  /** Port on 127.0.0.1; default 0 takes a free one. */
  readonly port?: number;
  /** Milliseconds that tables and indexes spend in CREATING, UPDATING and DELETING. Default 5. */
  readonly tableDelayMs?: number;
  /** Also speaks TLS on the same port. */
  readonly tls?: TlsFiles;
}

/** The same, and what the servers share. */
export interface DynamoDbServerOptions extends DynamoDbOptions, SharedParts {
  /** How the caller calls the port, for the error when it is taken. */
  readonly portOption?: string;
}

/** A running local DynamoDB. */
export interface DynamoDbServer {
  readonly url: string;
  readonly port: number;
  /** Stops at once; open connections are cut. */
  readonly close: () => Promise<void>;
}

/** Bytes of a request: "Quotas in Amazon DynamoDB", BatchWriteItem takes 16 MB. */
const MAX_REQUEST_BYTES = 16 * 1024 * 1024;
const TARGET = /^DynamoDB_20120810\.([A-Za-z]{1,64})$/;

/** Starts DynamoDB on loopback: dynalite's tables in memory, and what dynalite lacks in front of them. */
export async function startDynamoDbServer(options: DynamoDbServerOptions): Promise<DynamoDbServer> {
  const { clock, region, accountId, tableDelayMs = 5 } = options;
  const database = createDatabase({ clock, region, accountId, tableDelayMs });
  const server = await startLoopbackServer({
    ...(options.port === undefined ? {} : { port: options.port }),
    ...(options.portOption === undefined ? {} : { portOption: options.portOption }),
    ...(options.tls === undefined ? {} : { tls: options.tls }),
    onRequest: (exchange) => serve(exchange, database, options),
  });
  return { url: server.url, port: server.port, close: server.close };
}

/** One call on its way through the server. */
interface Progress {
  operation: string;
  parameters: CallParameters;
  faults: readonly FiredFault[];
  applied: boolean;
}

async function serve(exchange: Exchange, database: Database, options: DynamoDbServerOptions): Promise<void> {
  if (await answerControlRoute(exchange, options)) return;
  const progress: Progress = { operation: "Unknown", parameters: {}, faults: [], applied: false };
  let status = 200;
  let body: Json;
  let errorCode: string | undefined;
  try {
    body = await perform(exchange, database, { options, progress });
  } catch (error) {
    const failure = asDynamoDbError(error);
    status = failure.status;
    errorCode = failure.code;
    body = failure.toBody();
  }
  await delayFault(options.clock, progress.faults, "after");
  const reply = jsonReply(status, body, options.random);
  const record = (sentStatus: number): void => {
    options.journal.record({
      server: "dynamodb",
      operation: progress.operation,
      parameters: progress.parameters,
      applied: progress.applied,
      status: sentStatus,
      ...(errorCode === undefined ? {} : { errorCode }),
      ...(progress.faults.length === 0 ? {} : { faults: progress.faults.map((fault) => fault.id) }),
    });
  };
  // Without faults the entry is written before the answer, so that who has the answer finds the entry.
  if (progress.faults.length === 0) record(reply.status);
  const sent = await sendReply(exchange, reply, progress.faults, options.clock);
  if (progress.faults.length > 0) record(sent);
}

async function perform(
  exchange: Exchange,
  database: Database,
  call: { readonly options: DynamoDbServerOptions; readonly progress: Progress },
): Promise<Json> {
  const { options, progress } = call;
  const { request } = exchange;
  const bytes = await readBody(request, MAX_REQUEST_BYTES);
  const target = TARGET.exec(String(request.headers["x-amz-target"] ?? ""))?.[1];
  if (request.method !== "POST" || target === undefined) {
    throw new DynamoDbError(
      "UnknownOperationException",
      "X-Amz-Target names no operation of DynamoDB_20120810",
    );
  }
  progress.operation = target;
  if (bytes === undefined) throw validationError("The total request size exceeds 16 MB");
  const input = parseInput(bytes);
  progress.parameters = await parametersOf(input, database);
  progress.faults = options.faults.take({
    server: "dynamodb",
    operation: target,
    parameters: progress.parameters,
  });
  const { faults } = progress;
  await delayFault(options.clock, faults, "before");
  raiseFault(faults, "before");
  // Cut before the change: the change is not made. A read makes none, its answer is what gets cut.
  if (isChange(target) && isCutBefore(faults)) return {};
  const answer = await database.run(target, input, leftOut(faults, options.random));
  progress.applied = isChange(target);
  raiseFault(faults, "after");
  return answer;
}

function parseInput(bytes: Buffer): Json {
  try {
    const input: unknown = JSON.parse(bytes.toString("utf8"));
    if (typeof input === "object" && input !== null && !Array.isArray(input)) return input as Json;
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
  }
  throw new DynamoDbError("SerializationException", "The request's body is not a JSON object");
}

function raiseFault(faults: readonly FiredFault[], phase: "before" | "after"): void {
  const error = findFault(faults, "error", phase);
  if (error === undefined) return;
  throw new DynamoDbError(error.code, error.message ?? error.code, { status: error.status });
}

function leftOut(faults: readonly FiredFault[], random: Random): LeavesOut {
  const effect = findFault(faults, "partial-failure");
  if (effect === undefined) return () => false;
  const { indexes, share = 1 } = effect;
  return (index) => (indexes === undefined ? random.next() < share : indexes.includes(index));
}

function asDynamoDbError(error: unknown): DynamoDbError {
  if (error instanceof DynamoDbError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new DynamoDbError("InternalServerError", `[local] ${message}`, { status: 500 });
}

function jsonReply(status: number, body: Json, random: Random): Reply {
  const text = JSON.stringify(body);
  return {
    status,
    headers: {
      "content-type": "application/x-amz-json-1.0",
      "x-amzn-requestid": random.hex(52).toUpperCase(),
      // DynamoDB sends it with every answer, and clients that know of it compare.
      "x-amz-crc32": String(crc32(text)),
    },
    body: text,
  };
}
