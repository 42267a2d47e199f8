import { createHash } from "node:crypto";
import type { Position } from "@kinesis-connectors/core";

/** SHA-256 over `<sequence>.<sub>` and a line feed for each of the positions, as they come. */
export class PositionsHash {
  readonly #hash = createHash("sha256");

  add({ sequenceNumber, subSequenceNumber }: Position): void {
    this.#hash.update(`${sequenceNumber}.${subSequenceNumber}\n`);
  }

  /** In hex. Nothing can be added any more. */
  digest(): string {
    return this.#hash.digest("hex");
  }
}
