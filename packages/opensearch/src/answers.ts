import { cureAtProxy, saidOfProxy } from "@kinesis-connectors/aws";
import { KinesisConnectorError } from "@kinesis-connectors/core";
import type { HttpAnswer } from "./failures.js";

/** An answer and the time at which the service gave it. */
export interface DatedAnswer extends HttpAnswer {
  readonly date: string | undefined;
}

export async function answerOf(
  sent: PromiseLike<{
    readonly statusCode: number | null;
    readonly body: unknown;
    readonly headers: unknown;
  }>,
): Promise<DatedAnswer> {
  try {
    const { statusCode, body, headers } = await sent;
    return { status: statusCode ?? 0, body, date: dateIn(headers) };
  } catch (error) {
    const { status, body, date } = answerIn(error);
    if (status !== undefined && status >= 300) return { status, body, date };
    throw summaryOf(error);
  }
}

function dateIn(headers: unknown): string | undefined {
  const date: unknown =
    typeof headers === "object" && headers !== null ? Reflect.get(headers, "date") : undefined;
  return typeof date === "string" ? date : undefined;
}

/** The client rejects for answers of 400 and more, with the answer inside. */
function answerIn(error: unknown): {
  readonly status: number | undefined;
  readonly body: unknown;
  readonly date: string | undefined;
} {
  const meta: unknown = typeof error === "object" && error !== null ? Reflect.get(error, "meta") : undefined;
  if (typeof meta !== "object" || meta === null)
    return { status: undefined, body: undefined, date: undefined };
  const status: unknown = Reflect.get(meta, "statusCode");
  return {
    status: typeof status === "number" ? status : undefined,
    body: Reflect.get(meta, "body"),
    date: dateIn(Reflect.get(meta, "headers")),
  };
}

/** A failure without an answer, by its name alone: the client's own errors carry the request, with the documents and the signature. */
function summaryOf(error: unknown): Error {
  const name = error instanceof Error ? error.name : "UnknownError";
  const message = error instanceof Error ? error.message : "";
  const atProxy = cureAtProxy(error);
  if (atProxy !== undefined)
    return new KinesisConnectorError("KC_EMIT_REFUSED", `OpenSearch was not reached: ${atProxy}`);
  const code = /\b(?:E[A-Z]{4,}|UND_[A-Z_]+|[A-Z]+_CERT[A-Z_]*)\b/u.exec(message)?.[0];
  return named(name, `OpenSearch gave no answer (${saidOfProxy(error) ?? code ?? name})`);
}

export function named(name: string, message: string): Error {
  const error = new Error(message);
  error.name = name;
  return error;
}
