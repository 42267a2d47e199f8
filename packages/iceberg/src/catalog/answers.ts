import { parseJson } from "@kinesis-connectors/core";

/** An answer of a catalog, read as far as it can be. */
export interface CatalogReply {
  readonly status: number;
  /** Headers, lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Its JSON, digit for digit; undefined for what is none. */
  readonly body: unknown;
}

/** What an answer that is an error says (REST specification, `IcebergErrorResponse`; AWS's services: `__type`, `x-amzn-errortype`). */
export interface SaidError {
  /** `NoSuchTableException`; empty where it names none. */
  readonly type: string;
  /** At most 300 characters, on one line. It is the catalog's own: not for what may repeat a signed request. */
  readonly message: string;
}

const MAX_MESSAGE_CHARACTERS = 300;
/** RFC 6901 knows no such names, and neither does any catalog. */
const TYPE = /^[A-Za-z][\w.]{0,99}$/;

export function readReply(
  status: number,
  headers: Readonly<Record<string, string>>,
  body: Buffer,
): CatalogReply {
  return { status, headers, body: jsonOf(body) };
}

function jsonOf(body: Buffer): unknown {
  try {
    return parseJson(body.toString());
  } catch {
    return undefined;
  }
}

export function saidIn({ headers, body }: CatalogReply): SaidError {
  const error = memberOf(body, "error");
  const type = firstType(
    memberOf(error, "type"),
    // AWS's services put a namespace before it, and a URL behind (Smithy, "AWS restJson1 protocol", "Operation error serialization").
    headers["x-amzn-errortype"]?.split(":")[0],
    lastPart(memberOf(body, "__type")),
    // RFC 6749 section 5.2: the error of a token endpoint is a text.
    error,
  );
  const message = [memberOf(error, "message"), memberOf(body, "message"), memberOf(body, "Message")].find(
    (one) => typeof one === "string",
  );
  return { type, message: typeof message === "string" ? oneLine(message) : "" };
}

function lastPart(type: unknown): string | undefined {
  return typeof type === "string" ? type.split("#").at(-1) : undefined;
}

function firstType(...candidates: readonly unknown[]): string {
  return candidates.find((one): one is string => typeof one === "string" && TYPE.test(one)) ?? "";
}

function oneLine(message: string): string {
  return message
    .replaceAll(/[\s\p{Cc}]+/gu, " ")
    .trim()
    .slice(0, MAX_MESSAGE_CHARACTERS);
}

/** A member of what may be an object; never one that it inherits. */
export function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}
