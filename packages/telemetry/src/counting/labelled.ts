import { errorFields } from "@kinesis-connectors/core";

import type { MetricDefinition } from "../metrics/definition.js";
import type { Series } from "../series.js";

/** More values than this of one metric's attributes come together in `_OTHER`: names of errors are the service's and the emitter's, and no closed set. */
const MAX_SERIES = 40;

/** What OpenTelemetry calls values that there are too many of (semconv, `error.type`). */
const OTHER = "_OTHER";

/** A counter with attributes of its own: one plain number for each of their values. */
export class LabelledCounter {
  readonly definition: MetricDefinition;
  readonly #common: () => Readonly<Record<string, string>>;
  readonly #series = new Map<string, Labelled>();

  constructor(definition: MetricDefinition, common: () => Readonly<Record<string, string>>) {
    this.definition = definition;
    this.#common = common;
  }

  /** Counts by the values of the definition's attributes, in their order. */
  add(by: number, first: string, second?: string): void {
    const key = second === undefined ? first : `${first}\n${second}`;
    const found = this.#series.get(key) ?? this.#create(key, first, second);
    found.value += by;
  }

  series(): readonly Series[] {
    const common = this.#common();
    return [...this.#series.values()].map((labelled) => {
      // What was counted before the stream was known is its own all the same.
      if (labelled.common !== common) {
        labelled.common = common;
        labelled.attributes = this.#attributes(common, labelled.values);
      }
      return labelled;
    });
  }

  #create(key: string, first: string, second: string | undefined): Labelled {
    const isFull = this.#series.size >= MAX_SERIES;
    const values = isFull ? [OTHER, ...(second === undefined ? [] : [OTHER])] : [first, second];
    const name = isFull ? values.join("\n") : key;
    const known = this.#series.get(name);
    if (known !== undefined) return known;
    const common = this.#common();
    const created = { common, values, attributes: this.#attributes(common, values), value: 0 };
    this.#series.set(name, created);
    return created;
  }

  #attributes(common: Attributes, values: readonly (string | undefined)[]): Attributes {
    const attributes = { ...common };
    for (const [index, attribute] of this.definition.attributes.entries())
      attributes[attribute] = values[index] ?? OTHER;
    return attributes;
  }
}

type Attributes = Readonly<Record<string, string>>;

interface Labelled {
  /** Those of every series that `attributes` was made of. */
  common: Attributes;
  readonly values: readonly (string | undefined)[];
  attributes: Attributes;
  value: number;
}

/** An error as a value of `error.type`: its code or name. What is no name of code, such as a message that stands where a code should be, is `_OTHER`. */
export function errorType(error: Error): string {
  const { error: name } = errorFields(error);
  return /^[A-Za-z_][\w.$-]{0,63}$/.test(name) ? name : OTHER;
}
