import type { KinesisRecord } from "@kinesis-connectors/core";
import type { OpenObject } from "./open-object.js";

/**
 * The outputs of one record that are written and not kept yet. Arrays side by side that stay from record to record: an object for each output would cost
 * as much as writing it.
 */
export class PendingOutputs<Output> {
  count = 0;
  readonly records: (KinesisRecord | undefined)[] = [];
  readonly objects: (OpenObject<Output> | undefined)[] = [];
  readonly #outputs: (Output | undefined)[] = [];
  /** Lengths of the objects before them. */
  readonly #starts: number[] = [];
  /** Their sizes, as they were told. */
  readonly #bytes: number[] = [];

  add(output: Output, record: KinesisRecord, object: OpenObject<Output>, start: number, bytes: number): void {
    const nth = this.count;
    this.#outputs[nth] = output;
    this.records[nth] = record;
    this.objects[nth] = object;
    this.#starts[nth] = start;
    this.#bytes[nth] = bytes;
    this.count = nth + 1;
  }

  /** They leave their objects, the last one first. */
  takeBack(): void {
    for (let nth = this.count - 1; nth >= 0; nth -= 1)
      this.objects[nth]?.takeBack(this.#starts[nth] ?? 0, this.#bytes[nth] ?? 0);
  }

  /** Writes them into other objects of the same partitions. */
  moveTo(objectOf: (partition: string) => OpenObject<Output>): void {
    for (let nth = 0; nth < this.count; nth += 1) {
      const object = objectOf(this.objects[nth]?.partition ?? "");
      this.#starts[nth] = object.length;
      object.write(this.#outputs[nth] as Output, this.records[nth] as KinesisRecord);
      object.tell(this.#bytes[nth] ?? 0);
      this.objects[nth] = object;
    }
  }

  /** Forgets them, so that nothing of their page is kept in memory. */
  clear(): void {
    for (let nth = 0; nth < this.count; nth += 1) {
      this.#outputs[nth] = undefined;
      this.records[nth] = undefined;
      this.objects[nth] = undefined;
    }
    this.count = 0;
  }
}
