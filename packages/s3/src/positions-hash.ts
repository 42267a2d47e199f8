import { createHash, type Hash } from "node:crypto";
import type { Position } from "@kinesis-connectors/core";

/** So many characters are gathered, because a call into the hash costs more than hashing sixty bytes; not more, for thousands of objects at a time. */
const MAX_PENDING_CHARACTERS = 4096;

/** SHA-256 over `<sequence>.<sub>` and a line feed for each of the positions, as they come. */
export class PositionsHash {
  #hash: Hash | undefined;
  #pending = "";

  add({ sequenceNumber, subSequenceNumber }: Position): void {
    this.#pending += `${sequenceNumber}.${subSequenceNumber}\n`;
    if (this.#pending.length < MAX_PENDING_CHARACTERS) return;
    this.#hash ??= createHash("sha256");
    this.#hash.update(this.#pending);
    this.#pending = "";
  }

  /** In hex. Nothing can be added any more. */
  digest(): string {
    return (this.#hash ?? createHash("sha256")).update(this.#pending).digest("hex");
  }
}
