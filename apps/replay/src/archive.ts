import { bytes, definePipeline, type Pipeline } from "@kinesis-connectors/core";
import { gzip, ndjson, records, s3Emitter, type S3Plan } from "@kinesis-connectors/s3";
import type { AwsSetup } from "./protocol.js";

/** The pipeline of the live connector and of the replay: the same but for where it writes. */
export function archivePipeline(
  place: {
    readonly s3: AwsSetup;
    readonly bucket: string;
    readonly prefix: string;
    readonly format: "records" | "ndjson";
  },
  onRecord: (arrivalTimeMs: number) => void = () => undefined,
): Pipeline<Uint8Array, Uint8Array, S3Plan> {
  const { s3, bucket, prefix, format } = place;
  return definePipeline({
    transformer: bytes().to((data, { arrivalTimeMs }) => {
      onRecord(arrivalTimeMs);
      return data;
    }),
    buffer: { maxRecords: 1_000, maxAgeMs: 500 },
    emitter: s3Emitter<Uint8Array>({
      ...s3,
      bucket,
      prefix,
      format: format === "records" ? records() : ndjson(),
      compression: gzip(),
    }),
  });
}
