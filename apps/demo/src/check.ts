import { createHash } from "node:crypto";
import { compareSequenceNumbers } from "@kinesis-connectors/core";
import type { WrittenRecord } from "@kinesis-connectors/app-sample";

/** What a comparison came to. */
export interface Comparison {
  readonly delivered: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly outOfOrder: number;
}

interface ExpectedRecord {
  readonly sequenceNumber: string;
  readonly digest: string;
}

/**
 * Remembers what was put, shard by shard, and compares it with what landed. Lines are known by their digest; where the same line was
 * put several times, each of its places is expected once.
 */
export class DeliveryCheck {
  readonly #expected = new Map<string, ExpectedRecord[]>();
  #records = 0;

  get records(): number {
    return this.#records;
  }

  expect(written: readonly WrittenRecord[]): void {
    for (const { data, shardId, sequenceNumber } of written) {
      const shard = this.#expected.get(shardId) ?? [];
      if (shard.length === 0) this.#expected.set(shardId, shard);
      shard.push({ sequenceNumber, digest: digestOf(data) });
    }
    this.#records += written.length;
  }

  /** `landed` holds each shard's lines in the order of its objects. */
  compare(landed: ReadonlyMap<string, readonly Uint8Array[]>): Comparison {
    let delivered = 0;
    let lost = 0;
    let duplicated = 0;
    let outOfOrder = 0;
    for (const shardId of new Set([...this.#expected.keys(), ...landed.keys()])) {
      const places = positionsByDigest(this.#expected.get(shardId) ?? []);
      let missing = (this.#expected.get(shardId) ?? []).length;
      let furthest = -1;
      for (const line of landed.get(shardId) ?? []) {
        delivered += 1;
        // A line without a place left was written once more than it was put, whatever it is.
        const place = places.get(digestOf(line))?.shift();
        if (place === undefined) duplicated += 1;
        else {
          missing -= 1;
          if (place < furthest) outOfOrder += 1;
          furthest = Math.max(furthest, place);
        }
      }
      lost += missing;
    }
    return { delivered, lost, duplicated, outOfOrder };
  }
}

function positionsByDigest(expected: readonly ExpectedRecord[]): Map<string, number[]> {
  const places = new Map<string, number[]>();
  const inOrder = expected.toSorted((a, b) => compareSequenceNumbers(a.sequenceNumber, b.sequenceNumber));
  for (const [place, { digest }] of inOrder.entries()) {
    const known = places.get(digest);
    if (known === undefined) places.set(digest, [place]);
    else known.push(place);
  }
  return places;
}

function digestOf(data: Uint8Array): string {
  return createHash("sha1").update(data).digest("base64url");
}
