import { findFault, type FiredFault, isCutBefore } from "../faults.js";
import { answerControlRoute, type Held } from "../http/control-routes.js";
import type { Exchange } from "../http/exchange.js";
import { type LoopbackServer, startLoopbackServer, type TlsFiles } from "../http/loopback-server.js";
import { readBody } from "../http/read-body.js";
import { delayFault, sendReply } from "../http/reply.js";
import type { CallParameters, ServerName } from "../journal.js";
import type { SharedParts } from "../shared-parts.js";
import { JsonCallError } from "./json-call-error.js";

/** A request's or an answer's body. */
export type Body = Readonly<Record<string, unknown>>;

/** One operation of a service. */
interface JsonOperation {
  /** Whether it changes what the server holds. */
  readonly changes: boolean;
  /** What identifies a call in the journal and in fault rules. */
  readonly parametersOf: (input: Body) => CallParameters;
  readonly run: (input: Body, faults: readonly FiredFault[]) => Body;
}

/** Where a server listens. */
export interface ListenOptions {
  /** Port on 127.0.0.1; default 0 takes a free one. */
  readonly port?: number;
  /** Also speaks TLS on the same port. */
  readonly tls?: TlsFiles;
}

/** How a server is started. */
export interface JsonServerOptions extends ListenOptions, SharedParts {
  /** How the caller calls the port, for the error when it is taken. */
  readonly portOption?: string;
}

/** The service that is served. */
export interface JsonService {
  readonly server: ServerName;
  /** What stands before the operation in `X-Amz-Target`, for example `Firehose_20150804`. */
  readonly target: string;
  /** `1.0` or `1.1` of AWS's JSON protocols. */
  readonly version: "1.0" | "1.1";
  readonly maxRequestBytes: number;
  /** What was put, for whoever asks by `/_local/`. */
  readonly page: Held["page"];
  readonly operations: Readonly<Record<string, JsonOperation>>;
}

/** Serves operations that are told apart by `X-Amz-Target`, with faults and journal. */
export function startJsonServer(options: JsonServerOptions, service: JsonService): Promise<LoopbackServer> {
  const { port, portOption, tls } = options;
  return startLoopbackServer({
    ...(port === undefined ? {} : { port }),
    ...(portOption === undefined ? {} : { portOption }),
    ...(tls === undefined ? {} : { tls }),
    onRequest: (exchange) => serve(exchange, options, service),
  });
}

/** One call on its way through the server. */
interface Progress {
  operation: string;
  parameters: CallParameters;
  faults: readonly FiredFault[];
  applied: boolean;
}

async function serve(exchange: Exchange, options: SharedParts, service: JsonService): Promise<void> {
  if (await answerControlRoute(exchange, { ...options, held: service })) return;
  const progress: Progress = { operation: "Unknown", parameters: {}, faults: [], applied: false };
  let status = 200;
  let body: Body;
  let errorCode: string | undefined;
  try {
    body = await perform(exchange, service, { options, progress });
  } catch (error) {
    const failure =
      error instanceof JsonCallError
        ? error
        : new JsonCallError("InternalFailure", `[local] ${String(error)}`, 500);
    status = failure.status;
    errorCode = failure.code;
    body = { __type: failure.code, message: failure.message };
  }
  await delayFault(options.clock, progress.faults, "after");
  const reply = {
    status,
    headers: {
      "content-type": `application/x-amz-json-${service.version}`,
      "x-amzn-requestid": options.random.uuid(),
    },
    body: JSON.stringify(body),
  };
  const record = (sentStatus: number): void => {
    const { operation, parameters, applied, faults } = progress;
    options.journal.record({
      server: service.server,
      operation,
      parameters,
      applied,
      status: sentStatus,
      ...(errorCode === undefined ? {} : { errorCode }),
      ...(faults.length === 0 ? {} : { faults: faults.map((fault) => fault.id) }),
    });
  };
  // Without faults the entry is written before the answer, so that who has the answer finds the entry.
  if (progress.faults.length === 0) record(status);
  const sent = await sendReply(exchange, reply, progress.faults, options.clock);
  if (progress.faults.length > 0) record(sent);
}

async function perform(
  { request }: Exchange,
  service: JsonService,
  call: { readonly options: SharedParts; readonly progress: Progress },
): Promise<Body> {
  const { options, progress } = call;
  const bytes = await readBody(request, service.maxRequestBytes);
  const [target, name = ""] = String(request.headers["x-amz-target"] ?? "").split(".");
  const operation =
    target === service.target && Object.hasOwn(service.operations, name)
      ? service.operations[name]
      : undefined;
  if (/^[A-Za-z0-9]{1,64}$/.test(name)) progress.operation = name;
  if (request.method !== "POST" || operation === undefined)
    throw new JsonCallError("UnknownOperationException", `[local] ${progress.operation} is not emulated`);
  if (bytes === undefined) throw new JsonCallError("RequestEntityTooLarge", "The request is too large", 413);
  const input = parseBody(bytes);
  progress.parameters = operation.parametersOf(input);
  progress.faults = options.faults.take({
    server: service.server,
    operation: progress.operation,
    parameters: progress.parameters,
  });
  const { faults } = progress;
  await delayFault(options.clock, faults, "before");
  raiseFault(faults, "before");
  // Cut before the change: the change is not made. A read makes none, its answer is what gets cut.
  if (operation.changes && isCutBefore(faults)) return {};
  const answer = operation.run(input, faults);
  progress.applied = operation.changes;
  raiseFault(faults, "after");
  return answer;
}

function parseBody(bytes: Buffer): Body {
  try {
    const input: unknown = JSON.parse(bytes.toString("utf8"));
    if (typeof input === "object" && input !== null && !Array.isArray(input)) return input as Body;
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
  }
  throw new JsonCallError("SerializationException", "The request's body is not a JSON object");
}

function raiseFault(faults: readonly FiredFault[], phase: "before" | "after"): void {
  const error = findFault(faults, "error", phase);
  if (error !== undefined) throw new JsonCallError(error.code, error.message ?? error.code, error.status);
}
