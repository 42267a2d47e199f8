import { HttpFormatError } from "./http-format-error.js";

/** A repeat comes while one of the next few answers is waited for. */
const REMEMBERED = 8;
/** Looked at of a body, at either end. */
const GLANCE_BYTES = 64;

/**
 * What AWS calls each answer, uniquely: Kinesis and DynamoDB the first, S3 and older services the others
 * (docs.aws.amazon.com/general/latest/gr/api-request-id.html).
 */
const ID_HEADERS = ["x-amzn-requestid", "x-amz-request-id", "x-amzn-request-id"] as const;

/** Whether the answers of a server can be told apart by their ids. Shared by all connections to it. */
export class AnswerIds {
  /** False once the server has shown that its ids say nothing, as those of some emulators: one for all answers, or for those of a connection. */
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
  /** What the answers said, by their ids, the oldest first. */
  readonly #seen = new Map<string, string>();

  constructor(ids: AnswerIds) {
    this.#ids = ids;
  }

  /**
   * Told of each answer.
   * @throws HttpFormatError when it has come before
   */
  see(headers: Readonly<Record<string, string>>, body: Buffer): void {
    if (!this.#ids.areUnique) return;
    const id = idOf(headers);
    if (id === undefined) return;
    const said = glanceAt(body);
    const before = this.#seen.get(id);
    if (before !== undefined && before !== said) {
      // What comes twice comes the same: this is another answer, and the server calls several of them the same.
      this.#ids.areUnique = false;
      return;
    }
    if (before !== undefined) {
      this.#ids.refused = id;
      throw new HttpFormatError("is one that has come before");
    }
    // The first answer over a new connection repeats nothing of an old one: the server calls several answers the same.
    if (this.#seen.size === 0 && id === this.#ids.refused) this.#ids.areUnique = false;
    this.#seen.set(id, said);
    if (this.#seen.size > REMEMBERED) this.#forgetOldest();
  }

  #forgetOldest(): void {
    const [oldest] = this.#seen.keys();
    if (oldest !== undefined) this.#seen.delete(oldest);
  }
}

/** Enough of a body to tell another one by, where it is one. Headers are none of it: what lies in between may add its own to each. */
function glanceAt(body: Buffer): string {
  const first = body.toString("latin1", 0, GLANCE_BYTES);
  return `${body.length} ${first}${body.toString("latin1", Math.max(first.length, body.length - GLANCE_BYTES))}`;
}

function idOf(headers: Readonly<Record<string, string>>): string | undefined {
  for (const name of ID_HEADERS) {
    const id = headers[name];
    if (id !== undefined && id !== "") return id;
  }
  return undefined;
}
