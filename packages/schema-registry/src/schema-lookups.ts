import { type Clock, hasCode, poisonRecord } from "@kinesis-connectors/core";
import type { PayloadDecoder } from "./decoders.js";
import { MAX_UNKNOWN_IDS, UNKNOWN_FOR_MS } from "./limits.js";
import type { RegisteredSchema } from "./schema.js";

/** What a registry is asked for. */
export interface SchemaSource<Key> {
  /**
   * The schema of an id; undefined where the registry knows none.
   * @throws KinesisConnectorError `KC_LOOKUP_FAILED`, `KC_LOOKUP_REFUSED`, `KC_RECORD_POISON` for one that cannot be had whole
   */
  readonly ask: (key: Key) => Promise<RegisteredSchema | undefined>;
  /** The id for messages. */
  readonly shown: (key: Key) => string;
}

/** The decoders of schemas: made once for each id, and kept for good, since what an id names never changes. */
export class SchemaLookups<Key extends string | number, Model> {
  readonly #source: SchemaSource<Key>;
  readonly #decoderOf: (schema: RegisteredSchema) => PayloadDecoder<Model>;
  readonly #clock: Pick<Clock, "monotonicNow">;
  readonly #known = new Map<Key, PayloadDecoder<Model>>();
  /** Ids of which the registry has no schema, why, and when they may be asked for again, the earliest first. */
  readonly #unknown = new Map<Key, { readonly untilMs: number; readonly error: Error }>();
  readonly #underWay = new Map<Key, Promise<PayloadDecoder<Model>>>();

  constructor(
    source: SchemaSource<Key>,
    decoderOf: (schema: RegisteredSchema) => PayloadDecoder<Model>,
    clock: Pick<Clock, "monotonicNow">,
  ) {
    this.#source = source;
    this.#decoderOf = decoderOf;
    this.#clock = clock;
  }

  /** The decoder of an id that has been looked up. */
  known(key: Key): PayloadDecoder<Model> | undefined {
    return this.#known.get(key);
  }

  /**
   * Looks an id up, once for all shards that wait for it.
   * @throws at once, `KC_RECORD_POISON` for an id that the registry did not know a minute ago
   */
  find(key: Key): Promise<PayloadDecoder<Model>> {
    const unknown = this.#unknown.get(key);
    if (unknown !== undefined) {
      if (this.#clock.monotonicNow() < unknown.untilMs) throw unknown.error;
      this.#unknown.delete(key);
    }
    const underWay = this.#underWay.get(key) ?? this.#lookUp(key);
    this.#underWay.set(key, underWay);
    return underWay;
  }

  async #lookUp(key: Key): Promise<PayloadDecoder<Model>> {
    try {
      const schema = await this.#source.ask(key);
      if (schema === undefined)
        throw poisonRecord(`the record's schema ${this.#source.shown(key)} is not in the registry`);
      const decoder = this.#decoderOf(schema);
      this.#known.set(key, decoder);
      return decoder;
    } catch (error) {
      if (hasCode(error, "KC_RECORD_POISON")) this.#remember(key, error);
      throw error;
    } finally {
      this.#underWay.delete(key);
    }
  }

  #remember(key: Key, error: Error): void {
    const [oldest] = this.#unknown.keys();
    if (oldest !== undefined && this.#unknown.size >= MAX_UNKNOWN_IDS) this.#unknown.delete(oldest);
    this.#unknown.set(key, { untilMs: this.#clock.monotonicNow() + UNKNOWN_FOR_MS, error });
  }
}
