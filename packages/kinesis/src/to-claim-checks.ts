import { createHash } from "node:crypto";
import {
  checkOptions,
  hasLoneSurrogate,
  invalidOption,
  isProgrammingError,
  isPromise,
  type KinesisRecord,
  KinesisConnectorError,
  type MaybePromise,
  type OptionNames,
  poisonRecord,
  wholeNumber,
} from "@kinesis-connectors/core";
import { DEFAULT_MAX_INLINE_BYTES, LARGEST_RECORD_BYTES } from "./limits.js";
import { dataAsItIs } from "./settings.js";

/** Options of `toClaimChecks`. */
export interface ToClaimChecksOptions<Model> {
  /**
   * Stores a payload, and gives the record that stands for it: `claimCheckStore(...)` of `@kinesis-connectors/s3`, or an own function. `sha256` of the payload is for
   * its name, so that the same payload, put again after a retry or a restart, is the same object. What it rejects with is tried again, but for errors of this project that
   * say otherwise.
   */
  readonly put: (
    payload: Uint8Array,
    about: { readonly sha256: string; readonly record: KinesisRecord },
  ) => Promise<string | Uint8Array>;
  /** Data of more bytes are stored. The partition key counts towards the stream's limit too. Default 921,600 (900 KiB), at most 10 MiB. */
  readonly maxInlineBytes?: number;
  /** The data of a model; a text is put in UTF-8. Default: bytes and texts as they are, everything else as JSON. */
  readonly encode?: (model: Model, record: KinesisRecord) => MaybePromise<Uint8Array | string>;
}

const NAMES: OptionNames<ToClaimChecksOptions<unknown>> = {
  put: "required",
  maxInlineBytes: true,
  encode: true,
};

/**
 * Encodes models for a stream whose records are smaller than some of them: data of more than `maxInlineBytes` are stored elsewhere, and a small record goes in their
 * place, a claim check. For `.to(...)` of a transformer. Models that fit cost no promise; give the pipeline a `transformConcurrency`, or those that do not are stored
 * one by one. Readers redeem them with `claimChecks` of `@kinesis-connectors/s3`, or the extended client whose format was chosen.
 *
 * A store that does not answer is waited for (`KC_LOOKUP_FAILED`). A payload is stored before its record is put, and stays where the record never is.
 *
 * @example
 * ```ts
 * const copy = definePipeline({
 *   transformer: json<Order>().to(
 *     toClaimChecks({ put: claimCheckStore({ bucket: "large-orders", pointer: awsExtended() }) }),
 *   ),
 *   transformConcurrency: 16,
 *   emitter: kinesisEmitter({ stream: "orders-copy" }),
 * });
 * ```
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function toClaimChecks<Model>(
  options: ToClaimChecksOptions<Model>,
): (model: Model, record: KinesisRecord) => MaybePromise<Uint8Array | string> {
  checkOptions("toClaimChecks", options, NAMES);
  const { put, encode = dataAsItIs } = options;
  if (typeof put !== "function")
    throw invalidOption("put must be a function that stores a payload, such as claimCheckStore(...)");
  if (typeof encode !== "function")
    throw invalidOption("encode must be a function of the model and its record");
  const maxInlineBytes = wholeNumber("maxInlineBytes", options.maxInlineBytes ?? DEFAULT_MAX_INLINE_BYTES, {
    min: 1,
    max: LARGEST_RECORD_BYTES,
  });
  const fits = (data: Uint8Array | string): boolean => {
    if (typeof data !== "string") return data.length <= maxInlineBytes;
    // A UTF-16 unit takes up to three bytes.
    return data.length * 3 <= maxInlineBytes || Buffer.byteLength(data) <= maxInlineBytes;
  };
  const store = async (data: Uint8Array | string, record: KinesisRecord): Promise<Uint8Array | string> => {
    const payload = bytesOf(data);
    const sha256 = createHash("sha256").update(payload).digest("hex");
    let pointer: Uint8Array | string;
    try {
      pointer = await put(payload, { sha256, record });
    } catch (error) {
      throw notStored(error);
    }
    if ((typeof pointer !== "string" && !(pointer instanceof Uint8Array)) || !fits(pointer))
      throw invalidOption(
        `put must give the record that stands for the payload: a text or bytes, at most ${maxInlineBytes} of them`,
      );
    return pointer;
  };
  const encoded = (data: Uint8Array | string, record: KinesisRecord): MaybePromise<Uint8Array | string> => {
    if (typeof data !== "string" && !(data instanceof Uint8Array))
      throw poisonRecord(`encode gave neither bytes nor a text, but ${data === null ? "null" : typeof data}`);
    return fits(data) ? data : store(data, record);
  };
  return (model, record) => {
    const data = encode(model, record);
    return isPromise(data) ? data.then((settled) => encoded(settled, record)) : encoded(data, record);
  };
}

function bytesOf(data: Uint8Array | string): Uint8Array {
  if (typeof data !== "string") return data;
  if (hasLoneSurrogate(data))
    throw poisonRecord("encode gave a text with half a surrogate pair, which UTF-8 cannot write");
  return Buffer.from(data);
}

/** A store of the caller's own knows no codes: what it fails with is no fault of the record. */
function notStored(error: unknown): unknown {
  if (KinesisConnectorError.isInstance(error) || isProgrammingError(error)) return error;
  return new KinesisConnectorError("KC_LOOKUP_FAILED", "put did not store a payload", { cause: error });
}
