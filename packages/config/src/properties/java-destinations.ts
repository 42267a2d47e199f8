import { endpointOf, isThisMachine, ownEndpoint } from "./endpoints.js";
import { type Around, bucketOf } from "./java-bucket.js";
import { filesIntoRedshift, rowsIntoRedshift } from "./java-redshift.js";
import type { Properties } from "./properties.js";
import type { YamlMapping } from "./write-yaml.js";

/** One connector of a Java file. */
export interface Stage {
  readonly application: string;
  readonly stream: string | undefined;
  readonly transform: YamlMapping;
  /** `emitter`, and `announce` beside it. */
  readonly parts: YamlMapping;
}

/** All keys that are not gone. */
export const KNOWN_KEYS: ReadonlySet<string> = new Set([
  "appName",
  "workerID",
  "regionName",
  "kinesisInputStream",
  "kinesisEndpoint",
  "initialPositionInStream",
  "maxRecords",
  "idleTimeBetweenReads",
  "failoverTime",
  "parentShardPollInterval",
  "shardSyncInterval",
  "retryLimit",
  "backoffInterval",
  "bufferRecordCountLimit",
  "bufferByteSizeLimit",
  "bufferMillisecondsLimit",
  "batchRecordsInPutRequest",
  "kinesisOutputStream",
  "s3Bucket",
  "s3Endpoint",
  "redshiftURL",
  "redshiftEndpoint",
  "redshiftUsername",
  "redshiftPassword",
  "redshiftDataTable",
  "redshiftDataDelimiter",
  "redshiftFileTable",
  "redshiftClusterIdentifier",
  "redshiftDatabaseName",
  "dynamoDBEndpoint",
  "dynamoDBDataTableName",
  "elasticsearchEndpoint",
  "elasticsearchPort",
  "elasticsearchDefaultIndexName",
  "cloudWatchNamespace",
  "cloudWatchBufferTime",
]);

/** As the first of two connectors writes them. */
const JSON_FILES: YamlMapping = { type: "jsonAuto" };

type Destination = "s3" | "redshift" | "dynamodb" | "opensearch" | "kinesis";

/** The connectors of a file: one, or two where files are announced to a second one. */
export function partsOf(properties: Properties, around: Around): readonly Stage[] {
  const stream = properties.text("kinesisInputStream");
  if (stream === undefined)
    properties.note("kinesisInputStream", "is not there: give source.stream the stream's name");
  const isBatched = properties.flag("batchRecordsInPutRequest");
  if (isBatched)
    properties.note(
      "batchRecordsInPutRequest",
      "is transform.many, for records that are JSON arrays; lists that Java has serialised need a transform: { module }",
    );
  const many = isBatched ? { many: true } : {};
  const base = { application: around.application, stream };
  const model: YamlMapping = { decode: "json", ...many };
  // What was put is what is delivered, byte by byte.
  const original: YamlMapping = isBatched ? model : { decode: "json", output: "original" };
  const destination = destinationOf(properties);
  const announces =
    destination === "s3" ||
    destination === "kinesis" ||
    (destination === "redshift" && properties.has("s3Bucket"));
  const files = announces ? properties.text("kinesisOutputStream") : undefined;
  switch (destination) {
    case "redshift": {
      if (files !== undefined) {
        const second = { ...around, application: `${around.application}-files` };
        properties.note(
          "kinesisOutputStream",
          `makes two connectors: ${around.application} writes to S3 and announces the files, ${second.application} loads them; run both`,
        );
        return [
          {
            ...base,
            transform: original,
            parts: {
              emitter: s3Of(properties, around, { format: { type: "ndjson" }, compression: "none" }),
              announce: streamOf(properties, around, files),
            },
          },
          {
            application: second.application,
            stream: files,
            transform: { decode: "text" },
            parts: { emitter: filesIntoRedshift(properties, around, JSON_FILES) },
          },
        ];
      }
      if (properties.has("redshiftFileTable"))
        return [
          {
            ...base,
            transform: { decode: "text" },
            parts: { emitter: filesIntoRedshift(properties, around) },
          },
        ];
      const transform = around.columns === undefined ? original : model;
      return [{ ...base, transform, parts: { emitter: rowsIntoRedshift(properties, around) } }];
    }
    case "dynamodb":
      return [{ ...base, transform: model, parts: { emitter: dynamoDbOf(properties, around) } }];
    case "opensearch":
      return [{ ...base, transform: model, parts: { emitter: openSearchOf(properties, around) } }];
    case "kinesis":
      return [{ ...base, transform: original, parts: { emitter: streamOf(properties, around, files) } }];
    default:
      return [
        {
          ...base,
          transform: original,
          parts: {
            emitter: s3Of(properties, around, { format: { type: "ndjson" } }),
            ...(files === undefined ? {} : { announce: streamOf(properties, around, files) }),
          },
        },
      ];
  }
}

/** Java says it in words, or by what else is there. */
function destinationOf(properties: Properties): Destination {
  const said = properties.has("connectorDestination") ? properties.text("connectorDestination") : undefined;
  const named = (
    { s3: "s3", redshift: "redshift", dynamodb: "dynamodb", elasticsearch: "opensearch" } as const
  )[said?.toLowerCase().replaceAll(/[^a-z0-9]/g, "") ?? ""];
  if (said !== undefined)
    properties.note("connectorDestination", "was left out: the user agent names the destination by itself");
  if (named !== undefined) return named;
  if (["redshiftDataTable", "redshiftFileTable", "redshiftURL"].some((key) => properties.has(key)))
    return "redshift";
  if (properties.has("dynamoDBDataTableName")) return "dynamodb";
  if (properties.has("elasticsearchEndpoint") || properties.has("elasticsearchDefaultIndexName"))
    return "opensearch";
  if (properties.has("s3Bucket") || !properties.has("kinesisOutputStream")) return "s3";
  return "kinesis";
}

function s3Of(properties: Properties, around: Around, format: YamlMapping): YamlMapping {
  return { type: "s3", ...bucketOf(properties, around), ...format };
}

function streamOf(properties: Properties, { region }: Around, stream: string | undefined): YamlMapping {
  const text = properties.text("kinesisEndpoint");
  return {
    type: "kinesis",
    stream,
    region,
    endpoint: text === undefined ? undefined : endpointOf(text)?.endpoint,
  };
}

function dynamoDbOf(properties: Properties, { region }: Around): YamlMapping {
  const table = properties.text("dynamoDBDataTableName");
  properties.note(
    "dynamoDBDataTableName",
    "is emitter.table, with mode: put as Java wrote; without mode an item is never written over by an older one",
  );
  return {
    type: "dynamodb",
    table: table ?? "dynamodb_emitter_test",
    region,
    endpoint: ownEndpoint(properties, "dynamoDBEndpoint"),
    mode: "put",
  };
}

/** Java's port of the transport client; HTTP has another. */
const TRANSPORT_PORT = "9300";

function openSearchOf(properties: Properties, { region }: Around): YamlMapping {
  const host = (properties.text("elasticsearchEndpoint") ?? "localhost")
    .replace(/^[a-z]+:\/\//i, "")
    .replace(/\/.*$/, "");
  const port = properties.text("elasticsearchPort") ?? TRANSPORT_PORT;
  const index = properties.text("elasticsearchDefaultIndexName") ?? "index";
  const isOfAws = host.endsWith(".amazonaws.com");
  if (port === TRANSPORT_PORT && !isOfAws)
    properties.note(
      "elasticsearchPort",
      "is 9200 now: 9300 is the port of the transport client, which is gone",
    );
  properties.note(
    "elasticsearchDefaultIndexName",
    "is emitter.index; the id of a document is the record's position, or with emitter.id: { path: ... } the field that your transformer took",
  );
  const ownPort = /:\d+$/.test(host) ? "" : `:${port === TRANSPORT_PORT ? "9200" : port}`;
  const scheme = isThisMachine(host.replace(/:\d+$/, "")) ? "http" : "https";
  return {
    type: "opensearch",
    node: isOfAws ? `https://${host}` : `${scheme}://${host}${ownPort}`,
    aws: isOfAws && region !== undefined ? { region } : undefined,
    index: index.toLowerCase(),
  };
}
