import { HttpFormatError } from "./http-format-error.js";

/** A repeat comes while one of the next few answers is waited for. */
const REMEMBERED = 8;

/**
 * What AWS calls each answer, uniquely: Kinesis and DynamoDB the first, S3 and older services the others
 * (docs.aws.amazon.com/general/latest/gr/api-request-id.html).
 */
const ID_HEADERS = ["x-amzn-requestid", "x-amz-request-id", "x-amzn-request-id"] as const;

/** Whether the answers of a server can be told apart by their ids. Shared by all connections to it. */
export class AnswerIds {
  /** False once the server has shown that its ids say nothing, as those of some emulators: the same for every answer. */
  areUnique = true;
  /** The last id that was refused. */
  refused: string | undefined;
}

/**
 * Knows an answer that has come over the same connection before. HTTP/1.1 says nowhere which request an answer belongs to: a proxy that sends one
 * twice shifts all that follow by one, and when the second one comes while the next request is under way nothing else tells them apart.
 */
export class SeenAnswers {
  readonly #ids: AnswerIds;
  readonly #seen: string[] = [];

  constructor(ids: AnswerIds) {
    this.#ids = ids;
  }

  /**
   * Told of each answer.
   * @throws HttpFormatError when it has come before
   */
  see(headers: Readonly<Record<string, string>>): void {
    if (!this.#ids.areUnique) return;
    const id = idOf(headers);
    if (id === undefined) return;
    if (this.#seen.includes(id)) {
      this.#ids.refused = id;
      throw new HttpFormatError("is one that has come before");
    }
    // The first answer over a new connection repeats nothing of an old one: the server calls several answers the same.
    if (this.#seen.length === 0 && id === this.#ids.refused) this.#ids.areUnique = false;
    this.#seen.push(id);
    if (this.#seen.length > REMEMBERED) this.#seen.shift();
  }
}

function idOf(headers: Readonly<Record<string, string>>): string | undefined {
  for (const name of ID_HEADERS) {
    const id = headers[name];
    if (id !== undefined && id !== "") return id;
  }
  return undefined;
}
