/** An answer of a service of AWS's JSON protocols that is an error, with its code as the API spells it. */
export class JsonCallError extends Error {
  override readonly name = "JsonCallError";
  readonly code: string;
  readonly status: number;

  constructor(code: string, message: string, status = 400) {
    super(message);
    this.code = code;
    this.status = status;
  }
}
