import { parseArgs } from "node:util";
import type { LocalAwsOptions } from "./local-options.js";

/** What `--help` prints. */
export const USAGE: string = `kinesis-local-aws: Kinesis, S3, DynamoDB and OpenSearch on 127.0.0.1 until stopped

  --port N            port of Kinesis (default: a free one)
  --s3-port N         port of S3
  --dynamodb-port N   port of DynamoDB
  --opensearch-port N port of OpenSearch
  --redshift          Redshift's Data API too, over PGlite; needs the package @electric-sql/pglite
  --redshift-port N   port of Redshift's Data API; implies --redshift
  --redshift-url URL  the PostgreSQL server to use instead of PGlite; implies --redshift; needs the package pg
  --iceberg           an Iceberg REST catalog too, whose tables lie in the local S3
  --iceberg-port N    port of the Iceberg catalog; implies --iceberg
  --firehose NAME     Firehose too, with a delivery stream of this name; may be repeated
  --firehose-port N   port of Firehose
  --sqs NAME          SQS too, with a queue of this name, FIFO where it ends in .fifo; may be repeated
  --sqs-port N        port of SQS
  --stream NAME       a stream to create; may be repeated
  --shards N          shards of each stream (default 1)
  --bucket NAME       a bucket to create; may be repeated
  --region NAME       default eu-central-1
  --limits aws|off    the service's rates and quotas, or none (default aws)
  --seed N            identifiers and fault chances come from it (default 1)
  --help
`;

const flags = {
  port: { type: "string" },
  "s3-port": { type: "string" },
  "dynamodb-port": { type: "string" },
  "opensearch-port": { type: "string" },
  redshift: { type: "boolean" },
  "redshift-port": { type: "string" },
  "redshift-url": { type: "string" },
  iceberg: { type: "boolean" },
  "iceberg-port": { type: "string" },
  firehose: { type: "string", multiple: true },
  "firehose-port": { type: "string" },
  sqs: { type: "string", multiple: true },
  "sqs-port": { type: "string" },
  stream: { type: "string", multiple: true },
  shards: { type: "string" },
  bucket: { type: "string", multiple: true },
  region: { type: "string" },
  limits: { type: "string" },
  seed: { type: "string" },
  help: { type: "boolean" },
} as const;

type PortFlag =
  | "port"
  | `${"s3" | "dynamodb" | "opensearch" | "redshift" | "iceberg" | "firehose" | "sqs"}-port`;

/** A flag that makes no sense; its message is the one sentence the user sees. */
export class FlagError extends Error {}

function number(name: string, text: string | undefined, min: number, max: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!/^\d+$/u.test(text) || value < min || value > max)
    throw new FlagError(`--${name} takes a whole number from ${min} to ${max}, not "${text}"`);
  return value;
}

function limitsChoice(text: string | undefined): "aws" | "off" {
  if (text === undefined || text === "aws") return "aws";
  if (text === "off") return "off";
  throw new FlagError(`--limits takes aws or off, not "${text}"`);
}

/** What the command was asked to do. */
export interface Flags {
  readonly help: boolean;
  readonly streams: readonly string[];
  readonly shardCount: number;
  readonly queues: readonly string[];
  readonly aws: LocalAwsOptions;
}

/** Reads the command line. Throws a FlagError whose message is one sentence. */
export function readFlags(args: readonly string[]): Flags {
  try {
    const { values } = parseArgs({ args: [...args], options: flags, allowPositionals: false });
    const port = (name: PortFlag) => {
      const value = number(name, values[name], 0, 65_535);
      return value === undefined ? {} : { port: value };
    };
    return {
      help: values.help === true,
      streams: values.stream ?? [],
      shardCount: number("shards", values.shards, 1, 10_000) ?? 1,
      queues: values.sqs ?? [],
      aws: {
        kinesis: port("port"),
        s3: { ...port("s3-port"), buckets: values.bucket ?? [] },
        dynamodb: port("dynamodb-port"),
        opensearch: port("opensearch-port"),
        ...(values.redshift === true ||
        values["redshift-port"] !== undefined ||
        values["redshift-url"] !== undefined
          ? {
              redshift: {
                ...port("redshift-port"),
                ...(values["redshift-url"] === undefined ? {} : { connectionString: values["redshift-url"] }),
              },
            }
          : {}),
        ...(values.iceberg === true || values["iceberg-port"] !== undefined
          ? { iceberg: port("iceberg-port") }
          : {}),
        ...(values.firehose !== undefined || values["firehose-port"] !== undefined
          ? { firehose: { ...port("firehose-port"), deliveryStreams: values.firehose ?? [] } }
          : {}),
        ...(values.sqs !== undefined || values["sqs-port"] !== undefined ? { sqs: port("sqs-port") } : {}),
        limits: limitsChoice(values.limits),
        seed: number("seed", values.seed, 0, Number.MAX_SAFE_INTEGER) ?? 1,
        ...(values.region === undefined ? {} : { region: values.region }),
      },
    };
  } catch (error) {
    const [sentence] = (error instanceof Error ? error.message : String(error)).split("\n");
    throw new FlagError(sentence);
  }
}
