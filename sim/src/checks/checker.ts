import { createHash } from "node:crypto";
import { compareSequenceNumbers } from "@kinesis-connectors/core";
import type { StoredObject } from "../services/bucket.js";
import { Landings } from "./landings.js";
import { type Entry, type Ledger, nameOf } from "./ledger.js";
import { type Line, payloadOf } from "../payload.js";
import type { RecordOutcome } from "./stored-batch.js";
import type { Violation } from "./violation.js";

interface Landed {
  readonly entry: Entry;
  /** Which output of the record; 0 for a dead letter. */
  readonly output: number;
}

interface KeyedRange {
  readonly first: string;
  readonly last: string;
  readonly key: string;
  readonly batchId: string;
}

/**
 * Looks at each object as it comes into being, and counts where every record landed: lost, duplicated, reordered, phantom, overlapping
 * ranges, content that is not what the metadata say (I2, I4, I8, I9).
 */
export class ObjectChecker {
  readonly #ledger: Ledger;
  readonly #report: (violation: Violation) => void;
  readonly #isPrepared: boolean;
  readonly #landings: Landings;
  /** What the last prepare of a range stored as the way of each of its records, where it did. */
  readonly outcomes: Map<string, ReadonlyMap<Entry, RecordOutcome>> = new Map();
  /** Keys that a prepare has named, durably. */
  readonly preparedKeys: Set<string> = new Set();
  /** Keys of batches that were prepared, and forgotten by a reset that was told to: they may come late, across any range. */
  readonly forgotten: Set<string> = new Set();
  readonly #ranges = new Map<string, KeyedRange[]>();
  reordered = 0;

  /** @param isPrepared whether a write without a prepare is to be told of */
  constructor(
    ledger: Ledger,
    report: (violation: Violation) => void,
    isPrepared: boolean,
    landings: Landings = new Landings(report),
  ) {
    this.#ledger = ledger;
    this.#report = report;
    this.#isPrepared = isPrepared;
    this.#landings = landings;
  }

  get duplicated(): number {
    return this.#landings.duplicated;
  }

  /** A shard was reset: what was written of it may overlap what comes. */
  forget(shardId: string): void {
    this.#ranges.delete(`dead/${shardId}`);
    this.#ranges.delete(`archive/${shardId}`);
  }

  created(object: StoredObject): void {
    const { key, metadata } = object;
    const isDead = key.startsWith("dead/");
    if (this.#isPrepared && !this.preparedKeys.has(key))
      this.#report({ rule: "I4", what: `${key} was written and never prepared` });
    this.#checkRange(isDead, metadata["kc-shard"] ?? "", metadata, key);
    const landed = this.#landedIn(object, isDead);
    this.#checkContent(object, landed);
    this.#checkOutcomes(object, landed, isDead);
    for (const { entry, output } of landed) this.#landings.land(entry, output, isDead, key);
  }

  #landedIn({ key, body }: StoredObject, isDead: boolean): readonly Landed[] {
    const landed: Landed[] = [];
    for (const line of body.toString("utf8").split("\n")) {
      if (line === "") continue;
      const found = isDead ? this.#deadLetter(line) : this.#line(line);
      if (found === undefined)
        this.#report({ rule: "phantom", what: `${key} holds what nobody put: ${line}` });
      else landed.push(found);
    }
    return landed;
  }

  #line(text: string): Landed | undefined {
    const { id, n, at }: Line = JSON.parse(text);
    const entry = this.#ledger.entriesById.get(id);
    return entry === undefined || nameOf(entry) !== at || n >= entry.archived.length
      ? undefined
      : { entry, output: n };
  }

  #deadLetter(text: string): Landed | undefined {
    const letter: { sequenceNumber: string; subSequenceNumber: number; data: string } = JSON.parse(text);
    const entry = this.#ledger.entriesById.get(payloadOf(Buffer.from(letter.data, "base64")).id);
    return entry === undefined || nameOf(entry) !== nameOf(letter) ? undefined : { entry, output: 0 };
  }

  #checkContent({ key, metadata }: StoredObject, landed: readonly Landed[]): void {
    const hash = createHash("sha256");
    for (const { entry } of landed) hash.update(`${nameOf(entry)}\n`);
    const shows = metadata["kc-record-count"] === String(landed.length);
    if (!shows || metadata["kc-ids-sha256"] !== hash.digest("hex"))
      this.#report({ rule: "I9", what: `${key} does not hold what its metadata say` });
    for (let at = 1; at < landed.length; at += 1) {
      const before = landed[at - 1] as Landed;
      const after = landed[at] as Landed;
      const order =
        compareSequenceNumbers(before.entry.sequenceNumber, after.entry.sequenceNumber) ||
        before.entry.subSequenceNumber - after.entry.subSequenceNumber ||
        before.output - after.output;
      if (order < 0 && before.entry.shardId === after.entry.shardId) continue;
      this.reordered += 1;
      this.#report({ rule: "I8", what: `${key} holds ${nameOf(after.entry)} after ${nameOf(before.entry)}` });
    }
  }

  /** I10: whoever writes, the first owner or the next one, follows the outcomes that were stored. */
  #checkOutcomes({ key, metadata }: StoredObject, landed: readonly Landed[], isDead: boolean): void {
    const { "kc-shard": shardId, "kc-first": first, "kc-last": last } = metadata;
    const outcomes = this.outcomes.get(`${shardId} ${first}-${last}`);
    if (outcomes === undefined) return;
    for (const { entry, output } of landed) {
      const outcome = outcomes.get(entry);
      const isAsStored = isDead ? outcome === "dead-letter" : typeof outcome === "number" && output < outcome;
      if (!isAsStored)
        this.#report({
          rule: "I10",
          what: `${key} holds ${nameOf(entry)}, stored as ${outcome ?? "nothing"}`,
        });
    }
  }

  #checkRange(isDead: boolean, shardId: string, metadata: StoredObject["metadata"], key: string): void {
    const name = `${isDead ? "dead" : "archive"}/${shardId}`;
    const ranges = this.#ranges.get(name) ?? [];
    this.#ranges.set(name, ranges);
    const { "kc-first": first = "", "kc-last": last = "", "kc-batch-id": batchId = "" } = metadata;
    if (compareNames(first, last) > 0) this.#report({ rule: "I2", what: `${key} ends before it begins` });
    for (const other of ranges) {
      if (compareNames(first, other.last) > 0 || compareNames(other.first, last) > 0) continue;
      // Several objects of one batch share its range; a record in two of them is told of by itself.
      if (batchId === other.batchId || this.forgotten.has(key) || this.forgotten.has(other.key)) continue;
      this.#report({ rule: "I2", what: `${key} overlaps ${other.key}` });
    }
    ranges.push({ first, last, key, batchId });
  }
}

/** Positions written as `<sequence>.<sub>`, in stream order. */
function compareNames(a: string, b: string): number {
  const [sequenceA = "", subA = "0"] = a.split(".");
  const [sequenceB = "", subB = "0"] = b.split(".");
  return compareSequenceNumbers(sequenceA, sequenceB) || Number(subA) - Number(subB);
}
