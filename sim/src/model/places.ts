import type { ModelOptions } from "./options.js";

/** Records `start + 1` to `end` of the shard. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** A range with the object that each of its records goes to; `assignment` is undefined where that is not decided, or has no meaning. */
export interface AssignedRange {
  readonly range: Range;
  /** Bit i: record `start + 1 + i` goes to the second object. */
  readonly assignment: number | undefined;
}

/** A write of one object: its key, and the records in it as bits. */
export interface Put {
  readonly key: number;
  readonly records: number;
}

/** All ranges, assignments and writes that a model of these bounds can come to, by number. Number 0 of the assigned ranges is "none". */
export class Places {
  readonly #options: ModelOptions;
  readonly #ids = new Map<string, number>();
  readonly #assigned: (AssignedRange | undefined)[] = [undefined];
  readonly #keys = new Map<string, number>();
  readonly #putIds = new Map<string, number>();
  readonly #putsOf: (readonly number[])[] = [[]];
  readonly puts: Put[] = [];

  constructor(options: ModelOptions) {
    this.#options = options;
    for (let start = 0; start < options.records; start += 1) {
      for (let end = start + 1; end <= options.records; end += 1) {
        const range = { start, end };
        this.#register({ range, assignment: undefined });
        if (options.objects === "one") continue;
        for (let assignment = 0; assignment < 1 << (end - start); assignment += 1)
          this.#register({ range, assignment });
      }
    }
    if (this.#assigned.length > 64) throw new RangeError("more ranges than a state has room for");
  }

  idOf(range: Range, assignment: number | undefined): number {
    return this.#ids.get(nameOf(range, assignment)) as number;
  }

  assigned(id: number): AssignedRange {
    return this.#assigned[id] as AssignedRange;
  }

  /** The writes that deliver a routed range, by number. */
  putsOf(id: number): readonly number[] {
    return this.#putsOf[id] as readonly number[];
  }

  /** Every way to spread a range over the objects; one without meaning where there is one object. */
  assignments({ start, end }: Range): readonly (number | undefined)[] {
    if (this.#options.objects === "one") return [undefined];
    return Array.from({ length: 1 << (end - start) }, (_, assignment) => assignment);
  }

  #register(assigned: AssignedRange): void {
    const { range, assignment } = assigned;
    this.#ids.set(nameOf(range, assignment), this.#assigned.push(assigned) - 1);
    this.#putsOf.push(this.#makePuts(range, assignment));
  }

  #makePuts(range: Range, assignment: number | undefined): readonly number[] {
    const { start, end } = range;
    if (this.#options.objects === "one") {
      const key = this.#options.key === "range" ? `${start}-${end}` : `${start}`;
      return [
        this.#put(
          key,
          bitsOf(range, () => true),
        ),
      ];
    }
    if (assignment === undefined) return [];
    const made: number[] = [];
    for (const object of [0, 1]) {
      const records = bitsOf(range, (at) => ((assignment >> at) & 1) === object);
      if (records !== 0) made.push(this.#put(`${object}:${start}-${end}`, records));
    }
    return made;
  }

  #put(keyName: string, records: number): number {
    let key = this.#keys.get(keyName);
    if (key === undefined) this.#keys.set(keyName, (key = this.#keys.size));
    const name = `${key}:${records}`;
    let id = this.#putIds.get(name);
    if (id === undefined) this.#putIds.set(name, (id = this.puts.push({ key, records }) - 1));
    return id;
  }
}

function nameOf({ start, end }: Range, assignment: number | undefined): string {
  return `${start}-${end}/${assignment ?? ""}`;
}

function bitsOf({ start, end }: Range, belongs: (at: number) => boolean): number {
  let bits = 0;
  for (let record = start + 1; record <= end; record += 1)
    if (belongs(record - start - 1)) bits |= 1 << record;
  return bits;
}
