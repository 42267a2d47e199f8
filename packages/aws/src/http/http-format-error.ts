/** An answer that is not HTTP/1.1 as it is written in RFC 9112. The connection is closed; the request may be made again. */
export class HttpFormatError extends Error {
  override readonly name = "HttpFormatError";

  constructor(what: string) {
    super(`the server's answer ${what}; the connection was closed`);
  }
}
