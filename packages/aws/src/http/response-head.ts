import { HttpFormatError } from "./http-format-error.js";

/** How the end of a body is known (RFC 9112 section 6.3). */
type BodyFraming =
  | { readonly type: "length"; readonly bytes: number }
  | { readonly type: "chunked" }
  | { readonly type: "until-close" };

/** Status line and headers of an answer. */
export interface ResponseHead {
  readonly statusCode: number;
  readonly reason: string;
  /** Names in lower case; a header that comes several times is joined by ", ". */
  readonly headers: Record<string, string>;
  readonly framing: BodyFraming;
  /** Whether the connection can carry another request afterwards. */
  readonly keepsAlive: boolean;
}

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: (.*))?$/;
/** RFC 9110 section 5.6.2: `token`. */
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/**
 * RFC 9110 section 5.5 and RFC 9112 section 2.2: a CR or LF by itself, NUL, and other control characters but tabs. What stands behind one of them may be
 * another line to the proxy in between.
 */
// oxlint-disable-next-line no-control-regex
const NOT_IN_LINE = /[\u0000-\u0008\u000a-\u001f\u007f]/;
/** The same for several lines with what ends them. */
// oxlint-disable-next-line no-control-regex
const NOT_IN_HEAD = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]|\r(?!\n)|(?<!\r)\n/;
/** RFC 9110 section 5.5: blanks and tabs, and no other white space, are no part of a value. */
const AROUND_VALUE = /^[ \t]+|[ \t]+$/g;

/**
 * Reads a head without its last empty line, as strictly as Node's own parser (llhttp). Pure.
 * @throws HttpFormatError for everything that could be understood in two ways
 */
export function readResponseHead(text: string): ResponseHead {
  if (NOT_IN_HEAD.test(text)) throw forbidden();
  const statusEnd = endOfLine(text, 0);
  const [, minor, status = "", reason = ""] = STATUS_LINE.exec(text.slice(0, statusEnd)) ?? [];
  if (minor === undefined) throw new HttpFormatError("does not begin with a status line of HTTP/1");
  const headers: Record<string, string> = {};
  for (let at = statusEnd + 2, end; at <= text.length; at = end + 2) {
    end = endOfLine(text, at);
    const colon = text.indexOf(":", at);
    // Also what RFC 9112 section 5.2 calls line folding: an old form in which a header's value can hide another header.
    if (colon < 0 || colon > end) throw noHeader();
    const name = nameOf(text.slice(at, colon));
    const value = valueOf(text.slice(colon + 1, end));
    const before = Object.hasOwn(headers, name) ? headers[name] : undefined;
    setHeader(headers, name, before === undefined ? value : `${before}, ${value}`);
  }
  const statusCode = Number(status);
  const framing = framingOf(statusCode, headers);
  const connection = tokens(headers["connection"]);
  return {
    statusCode,
    reason,
    headers,
    framing,
    keepsAlive:
      !connection.includes("close") &&
      (minor === "1" || connection.includes("keep-alive")) &&
      framing.type !== "until-close" &&
      // Chunks were not known to HTTP/1.0: whoever sends them so is not to be trusted with another request (RFC 9112 section 6.1).
      (minor === "1" || framing.type !== "chunked"),
  };
}

/**
 * Reads one header or trailer: its name in lower case, and its value.
 * @throws HttpFormatError for a line without a name, with blanks around the name, or with control characters
 */
export function readHeaderLine(line: string): readonly [name: string, value: string] {
  if (NOT_IN_LINE.test(line)) throw forbidden();
  const colon = line.indexOf(":");
  if (colon < 0) throw noHeader();
  return [nameOf(line.slice(0, colon)), valueOf(line.slice(colon + 1))];
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf("\r\n", from);
  return end < 0 ? text.length : end;
}

function nameOf(given: string): string {
  if (!NAME.test(given)) throw noHeader();
  return given.toLowerCase();
}

function valueOf(given: string): string {
  return given.replace(AROUND_VALUE, "");
}

function setHeader(headers: Record<string, string>, name: string, value: string): void {
  if (name !== "__proto__") headers[name] = value;
  else Object.defineProperty(headers, name, { value, enumerable: true, configurable: true, writable: true });
}

function framingOf(statusCode: number, headers: Readonly<Record<string, string>>): BodyFraming {
  const encoding = headers["transfer-encoding"];
  const length = headers["content-length"];
  // RFC 9112 section 6.3, number 3: how answers are smuggled past a proxy that believes the other one.
  if (encoding !== undefined && length !== undefined)
    throw new HttpFormatError("has both a length and a transfer encoding");
  // Two lengths, though they agree, are joined by a comma here and refused, as by Node.
  if (length !== undefined && !/^\d{1,15}$/.test(length))
    throw new HttpFormatError("has a length that is no number");
  if (statusCode < 200 || statusCode === 204 || statusCode === 304) return { type: "length", bytes: 0 };
  if (encoding !== undefined) {
    if (encoding.toLowerCase() !== "chunked")
      throw new HttpFormatError("has a transfer encoding that was not asked for");
    return { type: "chunked" };
  }
  return length === undefined ? { type: "until-close" } : { type: "length", bytes: Number(length) };
}

function tokens(list: string | undefined): readonly string[] {
  return list === undefined ? [] : list.split(",").map((token) => token.trim().toLowerCase());
}

function noHeader(): HttpFormatError {
  return new HttpFormatError("has a line among its headers that is none");
}

function forbidden(): HttpFormatError {
  return new HttpFormatError("has a control character in its head, or a line that ends strangely");
}
