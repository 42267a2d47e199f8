import type { MaybePromise } from "./maybe-promise.js";
import type { KinesisRecord } from "./record.js";
import { checkedBy, type OutputOf, type StandardSchema } from "./transformers/checked.js";

/**
 * Turns a Kinesis record into the user's model and the model into what the emitter writes.
 *
 * `toModel` decodes. It returns one model, an array of several (in order), or `undefined` or an empty array for none; a model that
 * is itself an array is wrapped in one more. `fromModel` encodes one kept model. Either may return a promise; neither has to. What
 * throws makes the record poison: it goes to the dead letters, or stops the shard where there are none.
 */
export interface Transformer<Model, Output> {
  readonly toModel: (record: KinesisRecord) => MaybePromise<Model | readonly Model[] | undefined>;
  readonly fromModel: (model: Model, record: KinesisRecord) => MaybePromise<Output>;
}

/** A transformer that can still be given another encoding. */
export interface DecodingTransformer<Model> extends Transformer<Model, Model> {
  /** Encodes each kept model with `encode` instead of handing the model itself to the emitter. */
  readonly to: <Output>(
    encode: (model: Model, record: KinesisRecord) => MaybePromise<Output>,
  ) => Transformer<Model, Output>;
  /**
   * Hands the record's own bytes to the emitter, untouched: the model serves the filter only. Nothing is re-encoded, so numbers,
   * key order and white space stay as the producer wrote them. With several models per record, each would emit the same bytes.
   */
  readonly original: () => Transformer<Model, Uint8Array>;
  /**
   * Checks each model by a schema, and goes on with what the schema makes of it. Any [Standard Schema](https://standardschema.dev) does: zod, valibot, ArkType.
   * A record with a model that is not as the schema says is poison (`KC_RECORD_POISON`), whole: the error names the schema and the paths at fault, never a value.
   * A schema may answer with a promise; one that asks something which does not answer throws `KC_LOOKUP_FAILED`, and the record is tried again.
   *
   * @example
   * ```ts
   * const orders = json().checked(z.object({ id: z.string(), total: z.number().positive() }));
   * ```
   * @throws KinesisConnectorError `KC_OPTION_INVALID` for what is no Standard Schema
   */
  readonly checked: <Schema extends StandardSchema>(schema: Schema) => DecodingTransformer<OutputOf<Schema>>;
}

/** Transformers whose output is always the record's own data. */
const passing = new WeakSet<object>();

/** Whether the output of a transformer is always the record's own data, so that nobody has to be given a view of it. */
export function passesData(transformer: object): boolean {
  return passing.has(transformer);
}

/** A decoding function. */
export type Decode<Model> = (record: KinesisRecord) => MaybePromise<Model | readonly Model[] | undefined>;

/** A transformer from a decoding function alone; the models go to the emitter as they are until `.to(...)` says otherwise. */
export function decodeWith<Model>(toModel: Decode<Model>): DecodingTransformer<Model> {
  return decodingOf(toModel, toModel);
}

/**
 * The same, with functions of its own for `.original()`: one that decodes, because there the models serve the filter only, and one for the bytes. Default of those:
 * the record's data.
 */
export function decodingOf<Model>(
  toModel: Decode<Model>,
  toSeen: Decode<Model>,
  dataOf?: (record: KinesisRecord) => MaybePromise<Uint8Array>,
): DecodingTransformer<Model> {
  return {
    toModel,
    fromModel: (model) => model,
    to: (encode) => ({ toModel, fromModel: encode }),
    original: () => {
      if (dataOf !== undefined) return { toModel: toSeen, fromModel: (_model, record) => dataOf(record) };
      const transformer: Transformer<Model, Uint8Array> = {
        toModel: toSeen,
        fromModel: (_model, record) => record.data,
      };
      passing.add(transformer);
      return transformer;
    },
    checked: (schema) => decodingOf(checkedBy(schema, toModel), checkedBy(schema, toSeen), dataOf),
  };
}

/** Those of them whose model is the data too. */
const leaving = new WeakSet<object>();

/** Whether a transformer does nothing at all. */
export function leavesData(transformer: object): boolean {
  return leaving.has(transformer);
}

/** The transformer that leaves records as they are. */
export function decodeData(): DecodingTransformer<Uint8Array> {
  const transformer = decodeWith<Uint8Array>((record) => record.data);
  passing.add(transformer);
  leaving.add(transformer);
  return transformer;
}
