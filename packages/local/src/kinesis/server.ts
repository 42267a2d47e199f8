import { findFault, type FiredFault } from "../faults.js";
import { answerControlRoute } from "../http/control-routes.js";
import type { Exchange } from "../http/exchange.js";
import { startLoopbackServer, type TlsFiles } from "../http/loopback-server.js";
import { readBody } from "../http/read-body.js";
import { delayFault, sendReply } from "../http/reply.js";
import type { CallParameters } from "../journal.js";
import type { SharedParts } from "../shared-parts.js";
import { Account } from "./streams/account.js";
import { callParameters } from "./protocol/call-parameters.js";
import type { CborForm } from "./protocol/cbor-writer.js";
import { answerForm, decodeBody, type WireForm } from "./protocol/codec.js";
import { consumerOperations, subscribe } from "./operations/consumer-operations.js";
import { KinesisError } from "./errors.js";
import { kinesisLimits, type KinesisLimits } from "./limits.js";
import type { Behaviour, Call, Operations } from "./operations/operation.js";
import { recordOperations } from "./operations/record-operations.js";
import { shardOperations } from "./operations/shard-operations.js";
import { streamOperations } from "./operations/stream-operations.js";
import { tagOperations } from "./operations/tag-operations.js";
import { type Input, isInput, type WireObject } from "./protocol/values.js";

/** Options of the Kinesis server. */
export interface KinesisOptions extends Partial<Behaviour> {
  /** Port on 127.0.0.1; default 0 takes a free one. */
  readonly port?: number;
  /** Default `"aws"`. `"off"` lifts rates and quotas; sizes and ages stay. */
  readonly limits?: "aws" | "off" | Partial<KinesisLimits>;
  /** Duration of CREATING, UPDATING and DELETING, in milliseconds. Default 0: done when the call returns. */
  readonly transitionMs?: number;
  /** The framing of answers to CBOR requests. Default `"definite"`. */
  readonly cbor?: CborForm;
  /** Also speaks TLS on the same port. */
  readonly tls?: TlsFiles;
}

/** A running Kinesis server. */
export interface KinesisServer {
  readonly url: string;
  readonly port: number;
  readonly account: Account;
  /** Runs an operation in-process: no HTTP, no faults, no journal. Throws the error an answer would carry. */
  readonly call: (operation: string, input: Input) => WireObject;
  readonly close: () => Promise<void>;
}

const operations: Operations = {
  ...streamOperations,
  ...shardOperations,
  ...recordOperations,
  ...consumerOperations,
  ...tagOperations,
};
const targetPrefix = "Kinesis_20131202.";
/** Ten MiB of data as base64 with room for keys and names. */
const maxBodyBytes = 32 * 1024 * 1024;

/** One request on its way: what is known so far. */
interface Request {
  readonly operation: string;
  readonly form: WireForm;
  readonly exchange: Exchange;
}

/** Starts the Kinesis server. */
export async function startKinesisServer(
  shared: SharedParts,
  options: KinesisOptions = {},
): Promise<KinesisServer> {
  const { clock, random, journal, faults } = shared;
  const account = new Account({
    ...shared,
    limits: kinesisLimits(options.limits),
    transitionMs: options.transitionMs ?? 0,
  });
  const behaviour: Behaviour = {
    emptyPages: options.emptyPages ?? 0,
    shardEnd: options.shardEnd ?? "with-records",
    idleEventMs: options.idleEventMs ?? 5000,
  };
  const callOf = (input: Input, fired: readonly FiredFault[]): Call => ({
    account,
    input,
    faults: fired,
    behaviour,
    random,
  });

  /** Runs an operation between its faults; gives the answer's status, body and whether the change was made. */
  const run = async (
    request: Request,
    input: Input,
    fired: readonly FiredFault[],
  ): Promise<{ readonly applied: boolean; readonly answer: WireObject | KinesisError | undefined }> => {
    const before = findFault(fired, "error", "before");
    if (before) return { applied: false, answer: injected(before.code, before.message, before.status) };
    if (request.operation === "SubscribeToShard") {
      try {
        subscribe(callOf(input, fired), request.exchange.response, request.form);
        return { applied: true, answer: undefined };
      } catch (error) {
        return { applied: false, answer: asKinesisError(error) };
      }
    }
    const operation = Object.hasOwn(operations, request.operation)
      ? operations[request.operation]
      : undefined;
    if (!operation)
      return {
        applied: false,
        answer: new KinesisError("UnknownOperationException", `${request.operation} is not emulated`),
      };
    let answer: WireObject;
    try {
      answer = operation.run(callOf(input, fired));
    } catch (error) {
      return { applied: false, answer: asKinesisError(error) };
    }
    await delayFault(clock, fired, "after");
    const after = findFault(fired, "error", "after");
    return {
      applied: operation.changes,
      answer: after ? injected(after.code, after.message, after.status) : answer,
    };
  };

  const answerCall = async (exchange: Exchange): Promise<void> => {
    const { headers } = exchange.request;
    const body = await readBody(exchange.request, maxBodyBytes);
    const form = answerForm(headers["content-type"], options.cbor ?? "definite", random.uuid());
    const target = headers["x-amz-target"];
    const operation =
      typeof target === "string" && target.startsWith(targetPrefix) ? target.slice(targetPrefix.length) : "";
    const request: Request = { operation, form, exchange };

    let input: Input = {};
    let unreadableBody: KinesisError | undefined;
    try {
      if (body) input = decodeBody(headers["content-type"], body);
      else unreadableBody = new KinesisError("RequestEntityTooLargeException", "The body is too large", 413);
    } catch (error) {
      unreadableBody = asKinesisError(error);
    }
    const parameters: CallParameters = callParameters(account, input);
    const fired = faults.take({ server: "kinesis", operation, parameters });
    const note = (applied: boolean, status: number, errorCode?: string): void => {
      journal.record({
        server: "kinesis",
        operation,
        parameters,
        applied,
        status,
        ...(errorCode === undefined ? {} : { errorCode }),
        ...(fired.length > 0 ? { faults: fired.map((fault) => fault.id) } : {}),
      });
    };

    await delayFault(clock, fired, "before");
    const isHalfOpen = findFault(fired, "half-open") !== undefined;
    if (
      findFault(fired, "half-open", "before") ||
      findFault(fired, "reset", "before")?.at === "before-headers"
    ) {
      note(false, 0);
      if (isHalfOpen) exchange.silenceAll();
      else exchange.reset();
      return;
    }
    const { applied, answer } = unreadableBody
      ? { applied: false, answer: unreadableBody }
      : await run(request, input, fired);
    if (!answer) {
      note(applied, 200);
      if (isHalfOpen) exchange.silenceAll();
      return;
    }
    const failure = answer instanceof KinesisError ? answer : undefined;
    const encoded = form.encode(
      answer instanceof KinesisError ? { __type: answer.code, message: answer.message } : answer,
    );
    const reset = findFault(fired, "reset");
    const unseen =
      isHalfOpen || findFault(fired, "reply-lost") !== undefined || (reset && reset.at !== "inside-body");
    note(applied, unseen === true ? 0 : (failure?.status ?? 200), failure?.code);
    await sendReply(
      exchange,
      {
        status: failure?.status ?? 200,
        headers: { "content-type": form.contentType, "x-amzn-requestid": form.requestId },
        body: encoded,
      },
      fired,
      clock,
    );
  };

  const server = await startLoopbackServer({
    portOption: "kinesis.port",
    ...(options.port === undefined ? {} : { port: options.port }),
    ...(options.tls ? { tls: options.tls } : {}),
    onRequest: async (exchange) => {
      if (await answerControlRoute(exchange, shared)) return;
      try {
        await answerCall(exchange);
      } catch (error) {
        // The client cut its own request: there is no one to answer.
        if (!exchange.request.readableEnded) return;
        throw error;
      }
    },
  });

  return {
    url: server.url,
    port: server.port,
    account,
    call: (operation, input) => {
      const known = Object.hasOwn(operations, operation) ? operations[operation] : undefined;
      if (!known || !isInput(input))
        throw new KinesisError("UnknownOperationException", `${operation} is not emulated`);
      return known.run(callOf(input, []));
    },
    close: async () => {
      account.close();
      await server.close();
    },
  };
}

function injected(code: string, message: string | undefined, status: number): KinesisError {
  return new KinesisError(code, message ?? `${code} injected by a fault rule`, status);
}

function asKinesisError(error: unknown): KinesisError {
  if (error instanceof KinesisError) return error;
  throw error;
}
