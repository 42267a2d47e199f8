import { errorFields } from "@kinesis-connectors/core";

/** An error as it is told over HTTP: its code and where the service's own support finds it. Never its text, which may quote the data. */
export interface ToldError {
  /** A code of ours (`KC_...`), of AWS or of the system; or the error's name. */
  readonly code: string;
  /** The same of what caused it. */
  readonly cause?: string;
  /** AWS's number of the request. */
  readonly requestId?: string;
  /** The HTTP status that came with it. */
  readonly status?: number;
}

// What codes and names look like. Another one may be anything, a text with data in it too.
const CODE = /^[\w.:#/-]{1,100}$/;

/** What may be told of an error. */
export function toldError(error: Error): ToldError {
  const { requestId, status } = errorFields(error);
  const cause = causeOf(error);
  return {
    code: codeOf(error),
    ...(cause === undefined ? {} : { cause }),
    ...(requestId === undefined || !CODE.test(requestId) ? {} : { requestId }),
    ...(status === undefined ? {} : { status }),
  };
}

function codeOf(error: Error): string {
  return toldCode(errorFields(error).error);
}

/** A code as it may be told; `Error` in the place of one that does not look like a code. */
export function toldCode(code: string): string {
  return CODE.test(code) ? code : "Error";
}

/** The innermost cause is what somebody has to look after: what is around it says who noticed. */
function causeOf(error: Error): string | undefined {
  let innermost: Error | undefined;
  let depth = 0;
  for (let { cause } = error; cause instanceof Error && depth < 5; { cause } = cause) {
    innermost = cause;
    depth += 1;
  }
  return innermost === undefined ? undefined : codeOf(innermost);
}

/** An event as JSON, its errors as they may be told, also those that would tell themselves (`toJSON`) with all that they know. */
export function eventJson(event: object): string {
  return JSON.stringify(event, told);
}

function told(this: unknown, name: string, value: unknown): unknown {
  // What `value` is made of: `JSON.stringify` calls `toJSON` first.
  const of = (this as Readonly<Record<string, unknown>>)[name];
  if (of instanceof Error) return toldError(of);
  return typeof value === "bigint" ? String(value) : value;
}
