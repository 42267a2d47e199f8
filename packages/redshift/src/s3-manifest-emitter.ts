import { notifying, type Emitter, checkOptions, type OptionNames } from "@kinesis-connectors/core";
import { S3_EMITTER_OPTIONS, s3Emitter, type S3EmitterOptions, type S3Plan } from "@kinesis-connectors/s3";
import { urlOf } from "./loading/staging.js";

/** Options of `s3ManifestEmitter`: those of `s3Emitter`, and the emitter that the objects' URLs go to. */
export interface S3ManifestEmitterOptions<Output> extends S3EmitterOptions<Output> {
  /** Takes the URL of each object (`s3://bucket/key`) once it is there: `kinesisEmitter<string>({ stream })`, for the stream that stage two reads. */
  readonly to: Emitter<string>;
}

const NAMES: OptionNames<S3ManifestEmitterOptions<unknown>> = { ...S3_EMITTER_OPTIONS, to: true };

/**
 * The first of two stages: writes batches to S3, and tells the URL of each object to another stream, from which `redshiftManifestEmitter` loads many
 * objects at a time. An object may be told twice after a crash; it is loaded once.
 *
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function s3ManifestEmitter<Output>(
  options: S3ManifestEmitterOptions<Output>,
): Emitter<Output, S3Plan> {
  checkOptions("s3ManifestEmitter", options, NAMES);
  const { to, ...objects } = options;
  return notifying({
    emitter: s3Emitter<Output>(objects),
    notifications: ({ places }) => places.map(({ key }) => urlOf(options.bucket, key)),
    to,
  });
}
