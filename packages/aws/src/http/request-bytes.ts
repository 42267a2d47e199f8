/** A request as the SDK's client hands it over: signed, and with its body in memory. */
export interface OutgoingRequest {
  readonly method: string;
  /** `http:` or `https:`. */
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number | undefined;
  readonly path: string;
  readonly query?: Readonly<Record<string, unknown>> | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** RFC 9110 section 5.6.2 and 5.5: what may stand in a name, and what may not in a value. */
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
// oxlint-disable-next-line no-control-regex
const NOT_IN_VALUE = /[\u0000-\u0008\u000a-\u001f\u007f]|[^\u0000-\u00ff]/;
// oxlint-disable-next-line no-control-regex
const NOT_IN_PATH = /[\u0000-\u0020\u007f]|[^\u0000-\u00ff]/;

/** Their answers end otherwise than those of all others: a HEAD's has the length of a body that does not come (RFC 9112 section 6.3). */
const METHODS_NOT_SENT: ReadonlySet<string> = new Set(["HEAD", "CONNECT"]);
/** They would make of a request, or of its connection, what is not sent here. */
const HEADERS_NOT_SENT: ReadonlySet<string> = new Set(["transfer-encoding", "expect", "upgrade"]);

/**
 * Bodies up to this size are copied behind their head, so that both go in one piece: 10% of the CPU of a small GetRecords. Larger ones gain nothing by it, and
 * the memory of their copies calls V8's full collections: at 64 KiB, objects of that size took a quarter more CPU (measured).
 */
const JOINED_BYTES = 16 * 1024;

/**
 * The bytes of a request, in one piece or, before a large body, in two.
 * @throws TypeError for what cannot be sent: a body that is a stream, a header with a line break in it, HEAD
 */
export function requestBytes(request: OutgoingRequest): readonly Uint8Array[] {
  const { method, path, query, headers } = request;
  if (query !== undefined && Object.keys(query).length > 0)
    throw new TypeError("a request with a query cannot be sent over this connection");
  if (!NAME.test(method) || METHODS_NOT_SENT.has(method.toUpperCase()))
    throw new TypeError(
      `a request of the method ${JSON.stringify(method)} cannot be sent over this connection`,
    );
  if (path === "" || NOT_IN_PATH.test(path))
    throw new TypeError("the path of a request holds what no path may hold");
  const body = bodyBytes(request.body);
  let head = `${method} ${path} HTTP/1.1\r\n`;
  let hasHost = false;
  for (const [name, value] of Object.entries(headers)) {
    if (!NAME.test(name) || NOT_IN_VALUE.test(value))
      throw new TypeError(`the header ${JSON.stringify(name)} of a request holds what no header may hold`);
    const lower = name.toLowerCase();
    if (HEADERS_NOT_SENT.has(lower))
      throw new TypeError(`a request with the header ${lower} cannot be sent over this connection`);
    // Said below, from the body itself.
    if (lower === "content-length") continue;
    if (lower === "host") hasHost = true;
    head += `${name}: ${value}\r\n`;
  }
  if (!hasHost) head += `host: ${hostOf(request)}\r\n`;
  return joinedPieces(`${head}content-length: ${body.length}\r\n\r\n`, body);
}

/** A head and a body as they are sent. @param head - of latin1 alone, with the empty line at its end */
export function joinedPieces(head: string, body: Uint8Array): readonly Uint8Array[] {
  if (body.length > JOINED_BYTES) return [Buffer.from(head, "latin1"), body];
  const bytes = Buffer.allocUnsafe(head.length + body.length);
  bytes.write(head, 0, "latin1");
  bytes.set(body, head.length);
  return [bytes];
}

function hostOf({ hostname, port }: OutgoingRequest): string {
  return port === undefined ? hostname : `${hostname}:${port}`;
}

function bodyBytes(body: unknown): Uint8Array {
  if (body === undefined || body === null) return new Uint8Array(0);
  if (typeof body === "string") return Buffer.from(body);
  if (body instanceof Uint8Array) return body;
  throw new TypeError("a request whose body is not in memory cannot be sent over this connection");
}
