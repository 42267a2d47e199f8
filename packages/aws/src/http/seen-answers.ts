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
  /**
   * Numbers that stand for the ids of the last answers and for what they said, the oldest where the next one goes. Texts would stay for as many answers, in a
   * shard's connection for seconds, and grow old there; and V8 links each table of a map that changes to the one after it, so that one table that has
   * grown old keeps all that follow until the next full collection.
   */
  readonly #seen = new Float64Array(REMEMBERED);
  readonly #said = new Float64Array(REMEMBERED);
  #count = 0;

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
    const number = numberOf(id);
    const said = glanceAt(body);
    const at = this.#seen.indexOf(number);
    const hasCome = at >= 0 && at < this.#count;
    if (hasCome && this.#said[at] !== said) {
      // What comes twice comes the same: this is another answer, and the server calls several of them the same.
      this.#ids.areUnique = false;
      return;
    }
    if (hasCome) {
      this.#ids.refused = id;
      throw new HttpFormatError("is one that has come before");
    }
    // The first answer over a new connection repeats nothing of an old one: the server calls several answers the same.
    if (this.#count === 0 && id === this.#ids.refused) this.#ids.areUnique = false;
    this.#seen[this.#count % REMEMBERED] = number;
    this.#said[this.#count % REMEMBERED] = said;
    this.#count += 1;
  }
}

/** A number for a text; two texts have the same by chance once in 2^53. */
function numberOf(text: string): number {
  let [one, other] = SEEDS;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    one = Math.imul(one ^ code, FIRST);
    other = Math.imul(other ^ code, SECOND);
  }
  return joined(one, other);
}

/** A number for enough of a body to tell another one by, where it is one. Headers are none of it: what lies in between may add its own to each. */
function glanceAt(body: Buffer): number {
  let [one, other] = SEEDS;
  one ^= body.length;
  for (let at = 0; at < body.length; at += 1) {
    if (at === GLANCE_BYTES) at = Math.max(at, body.length - GLANCE_BYTES);
    const byte = body[at] as number;
    one = Math.imul(one ^ byte, FIRST);
    other = Math.imul(other ^ byte, SECOND);
  }
  return joined(one, other);
}

// cyrb53 (github.com/bryc/code, public domain): two lanes of 32 bits, of which 53 are kept.
const SEEDS: readonly [number, number] = [0xdeadbeef, 0x41c6ce57];
const FIRST = 2_654_435_761;
const SECOND = 1_597_334_677;

function joined(one: number, other: number): number {
  const low = Math.imul(one ^ (one >>> 16), 2_246_822_507) ^ Math.imul(other ^ (other >>> 13), 3_266_489_909);
  const high =
    Math.imul(other ^ (other >>> 16), 2_246_822_507) ^ Math.imul(low ^ (low >>> 13), 3_266_489_909);
  return 4_294_967_296 * (high & 0x1fffff) + (low >>> 0);
}

function idOf(headers: Readonly<Record<string, string>>): string | undefined {
  for (const name of ID_HEADERS) {
    const id = headers[name];
    if (id !== undefined && id !== "") return id;
  }
  return undefined;
}
