import { seededRandom, systemClock } from "./clock.js";
import { LocalAwsError } from "./errors.js";
import { createFaults, type Faults } from "./faults.js";
import type { FirehoseServer } from "./firehose/firehose-server.js";
import type { IcebergServer } from "./iceberg/iceberg-server.js";
import { checkNames } from "./known-options.js";
import { createJournal, type Journal, type ServerName } from "./journal.js";
import { localStreams, type LocalStreams } from "./kinesis/local-streams.js";
import { LOCAL_AWS_NAMES, type LocalAwsOptions } from "./local-options.js";
import type { OpenSearchServer } from "./opensearch/opensearch-server.js";
import type { RedshiftServer } from "./redshift/redshift-server.js";
import { type Running, startServers } from "./running-servers.js";
import type { S3Server } from "./s3/s3-server.js";
import type { SqsServer } from "./sqs/sqs-server.js";
import type { SharedParts } from "./shared-parts.js";

/** Options of an AWS SDK client that talks to a local server. */
export interface LocalClientOptions {
  /** Address of the server, on loopback. */
  readonly endpoint: string;
  /** The region that the server says it is in. */
  readonly region: string;
  /** Any will do; these spare the SDK a search. */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Only for S3: bucket names are no host names on loopback. */
  readonly forcePathStyle?: true;
}

/** Running servers. */
export interface LocalAws extends AsyncDisposable {
  /** URLs; asking for one that was left out throws `KC_LOCAL_BAD_OPTION`. */
  readonly endpoints: {
    readonly kinesis: string;
    readonly s3: string;
    readonly dynamodb: string;
    readonly opensearch: string;
    readonly redshift: string;
    readonly iceberg: string;
    readonly firehose: string;
    readonly sqs: string;
  };
  /** Environment variables that point the AWS SDKs of a process here. S3 needs `forcePathStyle` besides. */
  readonly env: Readonly<Record<string, string>>;
  readonly clientOptions: (server: ServerName) => LocalClientOptions;
  /** Every call of every server. */
  readonly journal: Journal;
  /** Rules of what goes wrong. */
  readonly faults: Faults;
  /** The streams, in-process. */
  readonly kinesis: LocalStreams;
  /** The local S3, in-process. */
  readonly s3: Pick<S3Server, "createBucket" | "objects" | "openUploads">;
  /** The local OpenSearch, in-process. */
  readonly opensearch: Pick<OpenSearchServer, "documents" | "indices">;
  /** The local Redshift's database, in-process. */
  readonly redshift: Pick<RedshiftServer, "query">;
  /** The local Iceberg catalog, in-process. */
  readonly iceberg: Pick<IcebergServer, "createNamespace" | "table">;
  /** The local Firehose, in-process. */
  readonly firehose: Pick<FirehoseServer, "createDeliveryStream" | "records">;
  /** The local SQS, in-process. */
  readonly sqs: Pick<SqsServer, "createQueue" | "messages">;
  /** Stops everything at once, cutting open connections. Warns about fault rules that never fired. */
  readonly close: () => Promise<void>;
}

/** Servers that run only when asked for. */
const ON_REQUEST: ReadonlySet<ServerName> = new Set(["redshift", "iceberg", "firehose", "sqs"]);

// Any credentials are accepted; these are the ones the documentation shows.
const credentials = { accessKeyId: "local", secretAccessKey: "local" } as const;

/**
 * Starts Kinesis, S3, DynamoDB and OpenSearch on 127.0.0.1, in this process and in memory; Redshift, an Iceberg catalog, Firehose and SQS when asked for.
 *
 * @example
 * await using local = await startLocalAws();
 * local.kinesis.createStream({ name: "orders", shardCount: 2 });
 * const client = new KinesisClient(local.clientOptions("kinesis"));
 *
 * @throws `KC_LOCAL_PORT_TAKEN` when a port asked for is in use; `KC_LOCAL_BAD_OPTION` for an option that there is none of
 */
export async function startLocalAws(options: LocalAwsOptions = {}): Promise<LocalAws> {
  checkNames("startLocalAws", options, LOCAL_AWS_NAMES);
  const clock = options.clock ?? systemClock;
  const random = seededRandom(options.seed ?? 1);
  const shared: SharedParts = {
    clock,
    random,
    journal: createJournal({ clock }),
    faults: createFaults({ clock, random }),
    region: options.region ?? "eu-central-1",
    accountId: options.accountId ?? "000000000000",
  };
  const running = await startServers(options, shared);
  const { region, journal, faults } = shared;

  const need = <Name extends ServerName>(name: Name): NonNullable<Running[Name]> => {
    const server = running[name];
    if (!server)
      throw new LocalAwsError(
        "KC_LOCAL_BAD_OPTION",
        ON_REQUEST.has(name)
          ? `[local] ${name} was left out: start with \`${name}: {}\` to use it`
          : `[local] ${name} was left out: start without \`${name}: false\` to use it`,
      );
    return server;
  };
  const env: Record<string, string> = {
    ...(running.kinesis ? { AWS_ENDPOINT_URL_KINESIS: running.kinesis.url } : {}),
    ...(running.s3 ? { AWS_ENDPOINT_URL_S3: running.s3.url } : {}),
    ...(running.dynamodb ? { AWS_ENDPOINT_URL_DYNAMODB: running.dynamodb.url } : {}),
    // No AWS variable: the service has an address per domain.
    ...(running.opensearch ? { OPENSEARCH_URL: running.opensearch.url } : {}),
    ...(running.redshift ? { AWS_ENDPOINT_URL_REDSHIFT_DATA: running.redshift.url } : {}),
    ...(running.firehose ? { AWS_ENDPOINT_URL_FIREHOSE: running.firehose.url } : {}),
    ...(running.sqs ? { AWS_ENDPOINT_URL_SQS: running.sqs.url } : {}),
    // No AWS variable either: an Iceberg catalog may be anybody's.
    ...(running.iceberg ? { ICEBERG_REST_URI: running.iceberg.url } : {}),
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  };
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closed ??= (async () => {
      const unfired = faults.unfired();
      if (unfired.length > 0)
        process.emitWarning(`fault rules never fired: ${unfired.join(", ")}`, "LocalAwsWarning");
      await Promise.all(Object.values(running).map((server) => server?.close()));
    })();
    return closed;
  };
  let streams: LocalStreams | undefined;
  return {
    endpoints: {
      get kinesis() {
        return need("kinesis").url;
      },
      get s3() {
        return need("s3").url;
      },
      get dynamodb() {
        return need("dynamodb").url;
      },
      get opensearch() {
        return need("opensearch").url;
      },
      get redshift() {
        return need("redshift").url;
      },
      get iceberg() {
        return need("iceberg").url;
      },
      get firehose() {
        return need("firehose").url;
      },
      get sqs() {
        return need("sqs").url;
      },
    },
    env,
    clientOptions: (name) => ({
      endpoint: need(name).url,
      region,
      credentials,
      ...(name === "s3" ? { forcePathStyle: true } : {}),
    }),
    journal,
    faults,
    get kinesis() {
      streams ??= localStreams(need("kinesis"));
      return streams;
    },
    get s3() {
      return need("s3");
    },
    get opensearch() {
      return need("opensearch");
    },
    get redshift() {
      return need("redshift");
    },
    get iceberg() {
      return need("iceberg");
    },
    get firehose() {
      return need("firehose");
    },
    get sqs() {
      return need("sqs");
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
