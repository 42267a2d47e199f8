import { type Connector, startConnector } from "@kinesis-connectors/consumer";
import { definePipeline, json, MiB, text } from "@kinesis-connectors/core";
import { kinesisEmitter } from "@kinesis-connectors/kinesis";
import { jsonAuto, redshiftManifestEmitter, s3ManifestEmitter } from "@kinesis-connectors/redshift";
import { gzip, ndjson } from "@kinesis-connectors/s3";
import type { Reading } from "./readings.js";

export const READINGS_STREAM = "readings";
export const FILES_STREAM = "files";
export const BUCKET = "readings-files";

/** Where the servers are: as plain text, so that it can be handed to another process. */
export interface Addresses {
  readonly region: string;
  readonly kinesis: string;
  readonly dynamodb: string;
  readonly s3: string;
  readonly redshift: string;
}

// The local servers take any.
const credentials = { accessKeyId: "local", secretAccessKey: "local" };

const connectorOptions = (addresses: Addresses) => ({
  region: addresses.region,
  credentials,
  endpoints: { kinesis: addresses.kinesis, dynamodb: addresses.dynamodb },
});

const s3Of = ({ region, s3: endpoint }: Addresses) => ({
  region,
  credentials,
  endpoint,
  forcePathStyle: true,
});

/** Stage one: readings into objects, and the URL of each object into the second stream. */
export function startStageOne(addresses: Addresses): Promise<Connector> {
  const { region, kinesis: endpoint } = addresses;
  return startConnector({
    application: "readings-to-files",
    stream: READINGS_STREAM,
    ...connectorOptions(addresses),
    pipeline: definePipeline({
      transformer: json<Reading>().original(),
      buffer: { maxRecords: 500, maxBytes: 8 * MiB, maxAgeMs: 500 },
      emitter: s3ManifestEmitter<Uint8Array>({
        ...s3Of(addresses),
        bucket: BUCKET,
        prefix: "readings",
        format: ndjson(),
        compression: gzip(),
        to: kinesisEmitter<string>({ region, credentials, endpoint, stream: FILES_STREAM }),
      }),
    }),
  });
}

/** Stage two: many objects at a time into the table, each once. */
export function startStageTwo(addresses: Addresses): Promise<Connector> {
  const { region, redshift: endpoint } = addresses;
  return startConnector({
    application: "files-to-redshift",
    stream: FILES_STREAM,
    ...connectorOptions(addresses),
    pipeline: definePipeline({
      transformer: text(),
      buffer: { maxRecords: 50, maxAgeMs: 500 },
      emitter: redshiftManifestEmitter({
        region,
        credentials,
        endpoint,
        workgroup: "local",
        database: "dev",
        table: "readings",
        iamRole: "default",
        buckets: [BUCKET],
        staging: { ...s3Of(addresses), bucket: BUCKET, prefix: "manifests" },
        format: jsonAuto(),
      }),
    }),
  });
}
