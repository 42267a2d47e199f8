import { describeAwsError, limited, type RequestBounds } from "@kinesis-connectors/aws";
import type { Logger, OptionNames } from "@kinesis-connectors/core";
import { connect } from "../connection.js";
import { s3Sdk } from "../load-sdk.js";
import { failureOf, refusal, summaryOf } from "../failures.js";
import { S3_OBJECT_OPTIONS, type S3ObjectOptions } from "../options.js";
import { objectSettingsFrom } from "../settings.js";
import { bodyOf } from "./body.js";
import { type ObjectSettings, target } from "./object-headers.js";
import { putIfAbsent } from "./put-object.js";

/** Options of `objectStore`: the connection to S3, and how objects are stored in whichever bucket. */
export type ObjectStoreOptions = Omit<
  S3ObjectOptions,
  "bucket" | "prefix" | "compression" | "metadata" | "objectConcurrency" | "spoolDir" | "conditionalWrites"
>;

const {
  bucket: _bucket,
  prefix: _prefix,
  compression: _compression,
  metadata: _metadata,
  objectConcurrency: _concurrency,
  spoolDir: _spoolDir,
  conditionalWrites: _conditional,
  ...NAMES
} = S3_OBJECT_OPTIONS;

/** The names of all of `ObjectStoreOptions`, for `checkOptions` of the packages that take them. */
export const OBJECT_STORE_OPTIONS: OptionNames<ObjectStoreOptions> = NAMES;

/** A place in a bucket. */
export interface ObjectPlace {
  readonly bucket: string;
  readonly key: string;
}

/**
 * Bounds of a request, and who is told of outages.
 * @inline
 */
type Context = RequestBounds & { readonly logger: Logger };

/** Objects whose names stand for their bytes: writing one again changes nothing. */
export interface ObjectStore {
  /**
   * Writes bytes, unless something is there: that is the same, as the name says. Where the store knows no conditional writes, the same bytes are
   * written over it. Rejects with what is tried again, or with `KC_EMIT_REFUSED`.
   */
  readonly write: (
    place: ObjectPlace,
    bytes: Uint8Array,
    contentType: string,
    context: Context,
  ) => Promise<void>;
  /** The bytes; undefined where there is no such object. Rejects as `write` does. */
  readonly read: (place: ObjectPlace, context: Context) => Promise<Uint8Array | undefined>;
  readonly close: () => void;
}

/**
 * Objects in whichever buckets the connection may write to; nothing is sent yet.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function objectStore(options: ObjectStoreOptions): ObjectStore {
  const connection = connect(options);
  const general = objectSettingsFrom({ ...options, bucket: "any" }, "application/octet-stream", undefined);
  let isConditional = true;
  /** One for all objects of a kind: what is kept for them is known by it. */
  const known = new Map<string, ObjectSettings>();
  const settingsFor = (bucket: string, contentType: string): ObjectSettings => {
    const name = `${bucket} ${contentType}`;
    const settings = known.get(name) ?? { ...general, bucket, contentType };
    known.set(name, settings);
    return settings;
  };

  const trying = async <Answer>(
    { bucket, key }: ObjectPlace,
    { signal }: Context,
    request: () => Promise<Answer>,
  ): Promise<Answer> => {
    for (let renewed = false; ; renewed = true) {
      try {
        return await request();
      } catch (error) {
        signal.throwIfAborted();
        const failure = failureOf(error);
        if (failure.kind === "refused") throw refusal(`${bucket}/${key}`, failure.cure, error);
        if (failure.kind !== "expired" || renewed) throw summaryOf(error);
        try {
          await connection.refreshCredentials();
        } catch (refusedToRenew) {
          throw summaryOf(refusedToRenew);
        }
      }
    }
  };

  const put = async (
    settings: ObjectSettings,
    key: string,
    bytes: Buffer,
    context: Context,
  ): Promise<void> => {
    const object = { key, body: bodyOf(bytes), batchId: "", metadata: {} };
    try {
      await putIfAbsent(connection, settings, object, context, isConditional);
    } catch (error) {
      context.signal.throwIfAborted();
      const { code } = describeAwsError(error);
      if (failureOf(error).kind === "taken") return;
      if (code !== "NotImplemented" || !isConditional) throw error;
      isConditional = false;
      context.logger.info(
        { bucket: settings.bucket },
        "the store knows no conditional writes; going on without",
      );
      await putIfAbsent(connection, settings, object, context, false);
    }
  };

  return {
    write: (place, bytes, contentType, context) => {
      const settings = settingsFor(place.bucket, contentType);
      const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      return trying(place, context, () => put(settings, place.key, buffer, context));
    },
    read: (place, context) =>
      trying(place, context, async () => {
        try {
          return await limited(connection, context, async (abortSignal) => {
            const { GetObjectCommand } = await s3Sdk();
            const { Body } = await connection.client.send(
              new GetObjectCommand(target({ ...general, bucket: place.bucket }, place.key)),
              { abortSignal },
            );
            return await Body?.transformToByteArray();
          });
        } catch (error) {
          if (describeAwsError(error).code === "NoSuchKey") return undefined;
          throw error;
        }
      }),
    close: () => connection.close(),
  };
}
