import { LocalAwsError } from "../errors.js";
import { findFault, type FiredFault, isCutBefore } from "../faults.js";
import { answerControlRoute } from "../http/control-routes.js";
import type { Exchange } from "../http/exchange.js";
import { startLoopbackServer, type TlsFiles } from "../http/loopback-server.js";
import { delayFault, pause, sendReply, type Reply } from "../http/reply.js";
import type { CallParameters } from "../journal.js";
import type { SharedParts } from "../shared-parts.js";
import { addressOf, isBucketName, type S3Address } from "./protocol/address.js";
import { headerOf, type S3Answer, type S3Call, type S3Context } from "./call.js";
import { S3Error } from "./errors.js";
import { asS3Error, errorAnswer } from "./error-answer.js";
import { partialFailures, raiseFault, successWithError } from "./injected-faults.js";
import { writeForeignObject } from "./foreign-object.js";
import { type LocalObject, localObject } from "./local-object.js";
import { createObjectStore, type OpenWrite } from "./store/object-store.js";
import { plainObject } from "./store/plain-object.js";
import { readRequestBody, type ReceivedBody } from "./protocol/request-body.js";
import { routeOf, type S3Route } from "./routes.js";

/** Settings of the local S3. */
export interface S3Options {
  /** Port on 127.0.0.1; default 0 takes a free one. */
  readonly port?: number;
  /** Buckets that exist from the start. */
  readonly buckets?: readonly string[];
  /** A missing key answers 403 instead of 404, as for a caller without `s3:ListBucket`. Default false. */
  readonly listDenied?: boolean;
  /** Also speaks TLS on the same port. */
  readonly tls?: TlsFiles;
}

/** The same, and what the servers share. */
export interface S3ServerOptions extends S3Options, SharedParts {
  /** How the caller calls the port, for the error when it is taken. */
  readonly portOption?: string;
}

/** A running local S3. */
export interface S3Server {
  readonly url: string;
  readonly port: number;
  /** Makes a bucket; nothing happens when it is there. Throws `KC_LOCAL_BAD_OPTION` for what is no bucket name. */
  readonly createBucket: (name: string) => void;
  /** The objects of a bucket in key order; none when there is no such bucket. */
  readonly objects: (bucket: string) => IterableIterator<LocalObject>;
  /** The body of one object; undefined when there is none. */
  readonly read: (bucket: string, key: string) => Buffer | undefined;
  /** Keys that start with the prefix, in key order; undefined when there is no such bucket. */
  readonly list: (bucket: string, prefix: string) => readonly string[] | undefined;
  /** Stores an object without a request; false when there is no such bucket. */
  readonly write: (bucket: string, key: string, body: Buffer, contentType: string) => boolean;
  /** Removes an object, if it is there. */
  readonly remove: (bucket: string, key: string) => void;
  /** Multipart uploads that were neither completed nor aborted. */
  readonly openUploads: (bucket: string) => number;
  /** Stops at once; open connections are cut. */
  readonly close: () => Promise<void>;
}

interface S3Runtime {
  readonly options: S3ServerOptions;
  readonly context: S3Context;
}

/** One call on its way through the server. */
interface Progress {
  readonly requestId: string;
  operation: string;
  parameters: CallParameters;
  faults: readonly FiredFault[];
  route: S3Route | undefined;
  applied: boolean;
}

/** Starts S3 on loopback; objects live in memory. */
export async function startS3Server(options: S3ServerOptions): Promise<S3Server> {
  const store = createObjectStore(options.clock);
  const createBucket = (name: string): void => {
    if (!isBucketName(name)) {
      throw new LocalAwsError(
        "KC_LOCAL_BAD_OPTION",
        `[local] "${name}" is no bucket name: use 3-63 lower-case letters, digits, dots and hyphens`,
      );
    }
    store.createBucket(name);
  };
  for (const name of options.buckets ?? []) createBucket(name);
  const { clock, random, region, accountId, listDenied = false } = options;
  const runtime: S3Runtime = {
    options,
    context: { store, clock, random, region, accountId, listDenied },
  };
  const server = await startLoopbackServer({
    ...(options.port === undefined ? {} : { port: options.port }),
    ...(options.portOption === undefined ? {} : { portOption: options.portOption }),
    ...(options.tls === undefined ? {} : { tls: options.tls }),
    onRequest: (exchange) => serve(exchange, false, runtime),
    onCheckContinue: (exchange) => serve(exchange, true, runtime),
  });
  return {
    url: server.url,
    port: server.port,
    createBucket,
    objects: function* objects(bucketName) {
      const bucket = store.bucket(bucketName);
      for (const key of bucket?.sortedKeys() ?? []) {
        const object = bucket?.get(key);
        if (object === undefined) continue;
        yield localObject(object);
      }
    },
    read: (bucket, key) => store.bucket(bucket)?.get(key)?.body,
    list: (bucket, prefix) =>
      store
        .bucket(bucket)
        ?.sortedKeys()
        .filter((key) => key.startsWith(prefix)),
    write: (bucketName, key, body, contentType) => {
      const bucket = store.bucket(bucketName);
      bucket?.replace(plainObject(key, body, options.clock, contentType));
      return bucket !== undefined;
    },
    remove: (bucket, key) => store.bucket(bucket)?.delete(key),
    openUploads: (bucket) => store.bucket(bucket)?.uploads.count() ?? 0,
    close: server.close,
  };
}

async function serve(exchange: Exchange, expectsContinue: boolean, runtime: S3Runtime): Promise<void> {
  const { options } = runtime;
  if (await answerControlRoute(exchange, options)) return;
  const { request } = exchange;
  const progress: Progress = {
    requestId: options.random.hex(16).toUpperCase(),
    operation: "Unknown",
    parameters: {},
    faults: [],
    route: undefined,
    applied: false,
  };
  let answer: S3Answer;
  let errorCode: string | undefined;
  try {
    const address = addressOf(request.url ?? "/", request.headers.host);
    const route = routeOf(request.method ?? "GET", address, request.headers);
    progress.route = route;
    progress.operation = route.operation;
    progress.parameters = parametersOf(address);
    progress.faults = options.faults.take({
      server: "s3",
      operation: route.operation,
      parameters: progress.parameters,
    });
    answer = await perform(exchange, expectsContinue, { route, address, progress }, runtime);
  } catch (error) {
    const failure = asS3Error(error);
    errorCode = failure.code;
    answer = errorAnswer(failure, progress.requestId);
  }
  // An error may come before the body was read: the client must be able to send all of it, or it sees a broken pipe.
  request.resume();
  await delayFault(options.clock, progress.faults, "after");
  const reply: Reply = {
    ...answer,
    headers: {
      ...answer.headers,
      "x-amz-request-id": progress.requestId,
      "x-amz-id-2": "local",
      server: "AmazonS3",
    },
  };
  const record = (status: number): void => {
    options.journal.record({
      server: "s3",
      operation: progress.operation,
      parameters: progress.parameters,
      applied: progress.applied,
      status,
      ...(errorCode === undefined ? {} : { errorCode }),
      ...(progress.faults.length === 0 ? {} : { faults: progress.faults.map((fault) => fault.id) }),
    });
  };
  // Without faults the entry is written before the answer, so that who has the answer finds the entry.
  if (progress.faults.length === 0) record(reply.status);
  const status = await sendReply(exchange, reply, progress.faults, options.clock);
  if (progress.faults.length > 0) record(status);
}

interface Performed {
  readonly route: S3Route;
  readonly address: S3Address;
  readonly progress: Progress;
}

/** Body, faults before the change, the change, faults after it; in this order, so that a late write stays a write. */
async function perform(
  exchange: Exchange,
  expectsContinue: boolean,
  { route, address, progress }: Performed,
  { options, context }: S3Runtime,
): Promise<S3Answer> {
  const { request, response } = exchange;
  const { faults } = progress;
  checkOwner(exchange, context);
  const ignoresConditions = findFault(faults, "conditions-ignored") !== undefined;
  const write = openWrite(exchange, route, address, context, ignoresConditions);
  try {
    if (expectsContinue) {
      const withheld = findFault(faults, "continue-withheld");
      if (withheld !== undefined) await pause(options.clock, withheld.forMs);
      response.writeContinue();
    }
    const stalled = findFault(faults, "stalled-request");
    if (stalled !== undefined) await pause(options.clock, stalled.forMs);
    const body = await receive(exchange, route);
    await delayFault(options.clock, faults, "before");
    raiseFault(faults, "before");
    // A read has nothing to make, its answer is what gets cut.
    if (isCutBefore(faults) && route.changes) return { status: 500, headers: {}, body: "" };
    const insteadOf = successWithError(faults, "before", progress.requestId);
    if (insteadOf !== undefined) return insteadOf;
    const call: S3Call = {
      bucketName: address.bucket ?? "",
      key: address.key ?? "",
      query: address.query,
      headers: request.headers,
      body,
      write,
      failureOf: partialFailures(faults, options.random),
    };
    writeForeignObject(faults, "before", address, context);
    const answer = route.run(call, context);
    writeForeignObject(faults, "after", address, context);
    progress.applied = route.changes;
    raiseFault(faults, "after");
    return successWithError(faults, "after", progress.requestId) ?? answer;
  } finally {
    write?.end();
  }
}

/** "x-amz-expected-bucket-owner": another account than the bucket's is refused with 403. */
function checkOwner(exchange: Exchange, context: S3Context): void {
  for (const name of ["x-amz-expected-bucket-owner", "x-amz-source-expected-bucket-owner"]) {
    const expected = headerOf(exchange.request.headers, name);
    if (expected !== undefined && expected !== context.accountId) throw new S3Error("AccessDenied");
  }
}

/** A conditional write is open from its headers on: what happens to its key meanwhile is a conflict. */
function openWrite(
  exchange: Exchange,
  route: S3Route,
  address: S3Address,
  context: S3Context,
  ignoresConditions: boolean,
): OpenWrite | undefined {
  if (!route.conditional) return undefined;
  return context.store.bucket(address.bucket ?? "")?.openWrite(address.key ?? "", {
    ifNoneMatch: ignoresConditions ? undefined : headerOf(exchange.request.headers, "if-none-match"),
    ifMatch: ignoresConditions ? undefined : headerOf(exchange.request.headers, "if-match"),
  });
}

async function receive({ request }: Exchange, route: S3Route): Promise<ReceivedBody> {
  // CompleteMultipartUpload's checksum headers describe the object, not the document in its body.
  const headers =
    route.operation === "CompleteMultipartUpload"
      ? Object.fromEntries(
          Object.entries(request.headers).filter(([name]) => !/^x-amz-(?:checksum-|sdk-checksum)/.test(name)),
        )
      : request.headers;
  return readRequestBody(request, headers, route.maxBodyBytes);
}

/** What identifies a call: never its payload. */
function parametersOf({ bucket, key, query }: S3Address): CallParameters {
  const uploadId = query.get("uploadId");
  const partNumber = query.get("partNumber");
  return {
    ...(bucket === undefined ? {} : { bucket }),
    ...(key === undefined ? {} : { key }),
    ...(uploadId === null ? {} : { uploadId }),
    ...(partNumber === null ? {} : { partNumber: Number(partNumber) }),
  };
}
