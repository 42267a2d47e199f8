import * as avro from "../../packages/avro/src/index.js";
import * as cdk from "../../packages/cdk/src/index.js";
import * as config from "../../packages/config/src/index.js";
import * as admin from "../../packages/admin/src/index.js";
import * as awsRecords from "../../packages/aws-records/src/index.js";
import * as consumer from "../../packages/consumer/src/index.js";
import * as consumerKinesis from "../../packages/consumer/src/kinesis/index.js";
import * as consumerLeases from "../../packages/consumer/src/lease-table/index.js";
import * as consumerReading from "../../packages/consumer/src/reading/index.js";
import * as consumerUserRecords from "../../packages/consumer/src/reading/user-records.js";
import * as core from "../../packages/core/src/index.js";
import * as dynamodb from "../../packages/dynamodb/src/index.js";
import * as kcl from "../../packages/kcl/src/index.js";
import * as iceberg from "../../packages/iceberg/src/index.js";
import * as firehose from "../../packages/firehose/src/index.js";
import * as icebergFiles from "../../packages/iceberg/src/files.js";
import * as kinesis from "../../packages/kinesis/src/index.js";
import * as lambda from "../../packages/lambda/src/index.js";
import * as lambdaTesting from "../../packages/lambda/src/testing/index.js";
import * as leases from "../../packages/leases/src/index.js";
import * as leasesMysql from "../../packages/leases-mysql/src/index.js";
import * as leasesRedis from "../../packages/leases-redis/src/index.js";
import * as local from "../../packages/local/src/index.js";
import * as opensearch from "../../packages/opensearch/src/index.js";
import * as parquet from "../../packages/parquet/src/index.js";
import * as postgres from "../../packages/postgres/src/index.js";
import * as protobuf from "../../packages/protobuf/src/index.js";
import * as replay from "../../packages/replay/src/index.js";
import * as redshift from "../../packages/redshift/src/index.js";
import * as s3 from "../../packages/s3/src/index.js";
import * as schemaRegistry from "../../packages/schema-registry/src/index.js";
import * as sqs from "../../packages/sqs/src/index.js";
import * as telemetry from "../../packages/telemetry/src/index.js";
import * as testkit from "../../packages/testkit/src/index.js";
import * as testkitLeases from "../../packages/testkit/src/leases/index.js";
import * as wire from "../../packages/wire/src/index.js";

/** Options by their names. */
export type Options = Readonly<Record<string, unknown>>;

/** What only a caller without types can pass. */
export const untyped = (options: unknown): never => options as never;

const emitter = {
  capabilities: { duplicates: "possible", ordering: "none" },
  emit: () => Promise.resolve({ failed: [] }),
};
const pipeline = core.definePipeline({ transformer: core.json(), emitter: untyped(emitter) });
const endpoint = "http://127.0.0.1:1";
const connection = { region: "eu-central-1", endpoint, requestTimeoutMs: 100 };
const target = {
  ...connection,
  workgroup: "w",
  database: "d",
  table: "t",
  columns: ["id"],
  iamRole: "default",
  staging: { bucket: "bucket", prefix: "p", region: "eu-central-1" },
};
const icebergTable = {
  catalog: { loadTable: () => undefined, createTable: () => undefined, commitTable: () => undefined },
  table: "n.t",
  storage: { ...connection, serverSideEncryption: "AES256", partConcurrency: 1 },
};
const icebergColumns = {
  columns: { id: "int64" },
  unknownFields: "refuse",
  createTable: true,
  addColumns: true,
  partitionBy: [],
  properties: {},
  compression: "none",
  rowGroupRows: 1,
};
const icebergCommits = { commitEveryMs: 0, retentionHours: 24 };
const catalogConnection = {
  ca: "pem",
  allowInsecure: false,
  connectionTimeoutMs: 1,
  requestTimeoutMs: 1,
  maxSockets: 1,
  proxy: false,
};
const never = (): never => {
  throw new Error("a contract was defined in spite of its options");
};
const contract = { describe: never, it: never, name: "n", create: never };
const leaseTable = leases.memoryLeases().connect();
const metrics = telemetry.metricsTally({ application: "a" });
const steering = { table: leaseTable, shardIds: ["shardId-000000000000"], clock: core.systemClock };

type Sample = readonly [(options: never) => unknown, Options];
// The consumer has them at its top and at paths of their own.
const polling: Sample = [consumer.polling, { idlePollMs: 1000, maxRecordsPerRead: 1 }];
const dynamoDbLeaseTable: Sample = [
  consumer.dynamoDbLeaseTable,
  {
    tableName: "t",
    client: {},
    clock: core.systemClock,
    random: core.systemRandom,
    logger: core.silentLogger,
    createTable: true,
    controlTimeoutMs: 15_000,
    ownsClient: true,
  },
];
const sdkKinesis: Sample = [
  (options: never) => consumer.sdkKinesis(untyped({}), { StreamName: "s" }, options),
  { ownsClient: true },
];

/** Each function that takes options, options that it takes, and those within them. Each of their names is misspelt once. */
export const FACTORIES: Readonly<Record<string, Sample>> = {
  "admin.startConsole": [
    (options: never) => admin.startConsole(new Map(), options),
    {
      token: "t",
      allowChanges: true,
      by: "ops@host",
      processes: [],
      host: "127.0.0.1",
      port: 0,
      clock: core.systemClock,
    },
  ],
  "admin.startAdmin": [
    (options) => admin.startAdmin(untyped({ progress: () => ({ application: "a" }) }), options),
    {
      host: "127.0.0.1",
      port: 0,
      token: { file: "never-read" },
      readToken: { file: "never-read" },
      allowedHosts: ["ops"],
      expose: { host: "127.0.0.1", port: 0 },
      allowPayload: true,
      logger: { level: "info" },
      clock: core.systemClock,
      metrics: {},
      rules: {
        maxAgeMs: 1,
        startDeadlineMs: 1,
        stalledMs: 1,
        maxDeliveryLagMs: 1,
        retryingMs: 1,
        readFailingMs: 1,
      },
      config: {},
      steering: { table: leaseTable },
      kinesis: {},
    },
  ],
  "aws-records.cloudWatchLogs": [awsRecords.cloudWatchLogs, { maxBytes: 1 }],
  "aws-records.dmsChanges": [awsRecords.dmsChanges, { control: true }],
  "aws-records.dynamoDbChanges": [awsRecords.dynamoDbChanges, { numbers: "text" }],
  "avro.avro": [avro.avro, { schema: "string", reader: "string", references: ["int"] }],
  "core.notifying": [core.notifying, { emitter, notifications: () => [], to: emitter }],
  "core.definePipeline": [
    core.definePipeline,
    {
      transformer: core.json(),
      emitter,
      filter: () => true,
      buffer: { maxRecords: 1, maxBytes: 1, maxAgeMs: 1 },
      deadLetters: emitter,
      onPoison: "stop",
      retry: { maxAttempts: 1, baseDelayMs: 1, maxDelayMs: 1, maxRequestAttempts: 1 },
      transformTimeoutMs: 1,
      transformConcurrency: 1,
      logger: core.silentLogger,
    },
  ],
  "core.compressed": [(options: never) => core.compressed(core.json(), options), { maxBytes: 1 }],
  "core.forEachRecord": [
    (options: never) => core.forEachRecord(() => undefined, options),
    { concurrency: 1 },
  ],
  "core.json": [core.json, { numbers: "exact" }],
  "core.jsonLines": [core.jsonLines, { numbers: "exact" }],
  "core.RecordBuffer": [
    (options: never) => new core.RecordBuffer(options),
    { maxRecords: 1, maxBytes: 1, maxAgeMs: 1 },
  ],
  "config.loadConfig": [(options: never) => config.loadConfig("none.yaml", options), { env: {} }],
  "config.loadSource": [(options: never) => config.loadSource("none.yaml", options), { env: {} }],
  "config.validateConfig": [
    (options: never) => config.validateConfig("none.yaml", options),
    { env: {}, online: true, signal: new AbortController().signal },
  ],
  "config.fromProperties": [(options: never) => config.fromProperties("", options), { columns: ["id"] }],
  "consumer.startConnector": [
    consumer.startConnector,
    {
      application: "a",
      stream: "s",
      pipeline,
      initialPosition: { at: new Date(0) },
      retrieval: { type: "polling", idlePollMs: 1000 },
      region: "eu-central-1",
      endpoints: { kinesis: endpoint, dynamodb: endpoint },
      credentials: {
        kinesis: { accessKeyId: "a", secretAccessKey: "b" },
        dynamodb: { accessKeyId: "a", secretAccessKey: "b" },
      },
      clients: {},
      leases: { failoverTimeMs: 10_000 },
      onRetentionGap: "stop",
      stopDeadlineMs: 1,
      until: { at: new Date(1) },
      observe: () => undefined,
    },
  ],
  "cdk.rightsFrom": [
    (options: never) => cdk.rightsFrom({ Version: "2012-10-17", Statement: [] }, options),
    { names: {}, without: [] },
  ],
  "cdk.KinesisConnectorFunction": [
    (props: never) => new cdk.KinesisConnectorFunction(untyped(undefined), "id", props),
    {
      application: "application",
      stream: {},
      code: {},
      handler: "index.handler",
      runtime: {},
      leaseTable: "table",
      startingPosition: "TRIM_HORIZON",
      batchSize: 1,
      maxBatchingWindowS: 1,
      onFailure: {},
      rights: [],
      functionOptions: {},
    },
  ],
  "cdk.KinesisConnectorService": [
    (props: never) => new cdk.KinesisConnectorService(untyped(undefined), "id", props),
    {
      application: "application",
      stream: {},
      cluster: {},
      image: {},
      scaling: { minTasks: 1, maxTasks: 1, deliveryLagS: 1 },
      fanOut: true,
      leaseTable: "table",
      stopDeadlineMs: 1,
      maxReadAheadBytes: 1,
      cpu: 256,
      memoryMiB: 512,
      adminPort: 1,
      environment: {},
      secrets: {},
      rights: [],
      serviceOptions: {},
    },
  ],
  "kcl.runKclChild": [
    kcl.runKclChild,
    {
      application: "a",
      pipeline,
      leaseTable: "journal",
      stream: "s",
      maxReadAheadBytes: 1,
      stopDeadlineMs: 1,
      onRetentionGap: "stop",
      observe: () => undefined,
      clock: core.systemClock,
    },
  ],
  "consumer.polling": polling,
  "consumer.fanOut": [consumer.fanOut, { consumerName: "c", fallback: "polling" }],
  "consumer.dynamoDbLeaseTable": dynamoDbLeaseTable,
  "consumer.sdkKinesis": sdkKinesis,
  "consumer/dynamodb-leases.dynamoDbLeaseTable": dynamoDbLeaseTable,
  "consumer/dynamodb-leases.ownLeaseTable": [
    consumerLeases.ownLeaseTable,
    {
      ...connection,
      tableName: "table",
      application: "a",
      client: {},
      credentials: () => Promise.reject(new Error("never asked for")),
      allowInsecure: true,
      proxy: false,
      createTable: true,
      clock: core.systemClock,
    },
  ],
  "consumer/kinesis.connectKinesis": [
    consumerKinesis.connectKinesis,
    {
      region: "eu-central-1",
      endpoint,
      stream: { StreamName: "s" },
      credentials: () => Promise.reject(new Error("never asked for")),
      allowInsecure: true,
      proxy: false,
      wireFormat: "json",
    },
  ],
  "consumer/kinesis.sdkKinesis": sdkKinesis,
  "consumer/reading.fanOut": [consumer.fanOut, { consumerName: "c", fallback: "polling" }],
  "consumer/reading.polling": polling,
  "dynamodb.dynamoDbEmitter": [
    dynamodb.dynamoDbEmitter,
    {
      ...connection,
      table: "t",
      mode: "guarded",
      isRemoved: () => false,
      tombstoneExpiry: { attribute: "a", afterMs: 1 },
      positionAttribute: "p",
    },
  ],
  "kinesis.toClaimChecks": [
    kinesis.toClaimChecks,
    { put: () => Promise.resolve(""), maxInlineBytes: 1, encode: () => "" },
  ],
  "kinesis.kinesisEmitter": [
    kinesis.kinesisEmitter,
    {
      ...connection,
      credentials: { accessKeyId: "a", secretAccessKey: "b", sessionToken: "c", expiration: new Date(0) },
      stream: "s",
      aggregate: { maxBytes: 1, maxRecords: 1 },
      ordering: "none",
    },
  ],
  "firehose.firehoseEmitter": [
    firehose.firehoseEmitter,
    { ...connection, deliveryStream: "d", encode: () => "", delimiter: "" },
  ],
  "sqs.sqsEmitter": [
    sqs.sqsEmitter,
    {
      ...connection,
      queueUrl: `${endpoint}/1/q.fifo`,
      encode: () => "",
      groupId: () => "g",
      deduplication: "position",
      attributes: () => ({}),
      unsendable: "base64",
      maxMessageBytes: 1024,
    },
  ],
  "leases-mysql.mysqlLeaseTable": [
    leasesMysql.mysqlLeaseTable,
    {
      application: "a",
      connection: {
        host: "127.0.0.1",
        port: 1,
        database: "d",
        user: "u",
        password: "p",
        tls: { ca: "x", cert: "y", key: "z" },
      },
      table: "t",
      createTable: true,
      maxConnections: 1,
      requestTimeoutMs: 100,
      logger: core.silentLogger,
      clock: core.systemClock,
      random: core.systemRandom,
    },
  ],
  "leases-redis.redisLeaseTable": [
    leasesRedis.redisLeaseTable,
    {
      application: "a",
      connection: {
        host: "127.0.0.1",
        port: 1,
        username: "u",
        password: "p",
        database: 0,
        tls: { ca: "x", cert: "y", key: "z" },
      },
      key: "k",
      waitReplicas: 1,
      requestTimeoutMs: 100,
      logger: core.silentLogger,
      clock: core.systemClock,
      random: core.systemRandom,
    },
  ],
  "lambda.kinesisHandler": [
    lambda.kinesisHandler,
    {
      application: "application",
      pipeline,
      leaseTable: "table",
      parallelizationFactor: 1,
      reportBatchItemFailures: true,
      region: "eu-central-1",
      endpoints: { dynamodb: endpoint, kinesis: endpoint, lambda: endpoint },
      allowInsecure: true,
      proxy: false,
      onRetentionGap: "stop",
      maxReadAheadBytes: 1,
      clock: core.systemClock,
    },
  ],
  "lambda/testing.eventSource": [
    lambdaTesting.eventSource,
    {
      kinesis: {},
      handler: () => Promise.reject(new Error("never called")),
      batchSize: 1,
      parallelizationFactor: 1,
      reportBatchItemFailures: true,
      bisectBatchOnFunctionError: true,
      maximumRetryAttempts: 1,
      maximumRecordAgeInSeconds: 1,
      timeoutMs: 1,
      faults: { cutAnew: 0, killed: 0, frozen: 0, replyLost: 0, coldStart: 0, withinMs: 1, thawMs: 1 },
      seed: 1,
      clock: core.systemClock,
    },
  ],
  "lambda/testing.startFunctionProcess": [
    lambdaTesting.startFunctionProcess,
    { module: "file:///none.js", handler: "handler", env: {} },
  ],
  "leases.fileLeases": [leases.fileLeases, { folder: "never-opened" }],
  "leases.pauseShards": [leases.pauseShards, { ...steering, by: "ops@host" }],
  "leases.resumeShards": [leases.resumeShards, steering],
  "leases.waitForPause": [
    leases.waitForPause,
    { ...steering, timeoutMs: 1, failoverTimeMs: 300, signal: new AbortController().signal },
  ],
  "leases.planReset": [
    leases.planReset,
    {
      ...steering,
      to: { type: "time", at: new Date(0) },
      failoverTimeMs: 300,
      discardPending: true,
      retentionMs: 1,
    },
  ],
  "leases.executeReset": [
    (options) => leases.executeReset(untyped({ shards: [], discardPending: false }), options),
    { table: leaseTable, clock: core.systemClock, random: core.systemRandom },
  ],
  "leases.takeShard": [
    leases.takeShard,
    {
      table: leaseTable,
      application: "a",
      stream: { streamArn: "arn:aws:kinesis:eu-west-1:000000000000:stream/s", createdMs: 1 },
      shardId: "shardId-000000000000",
      ownerId: "o",
      failoverTimeMs: 10_000,
      initialPosition: { type: "trim-horizon" },
      hashKeyRange: { startingHashKey: "0", endingHashKey: "1" },
      parentShardIds: [],
      logger: core.silentLogger,
    },
  ],
  "local.startLocalAws": [
    local.startLocalAws,
    {
      kinesis: { port: 0, limits: { putRecordsEntries: 1 }, transitionMs: 0, tls: { cert: "", key: "" } },
      s3: { port: 0, buckets: [], listDenied: false, tls: { cert: "", key: "" } },
      dynamodb: { port: 0, tableDelayMs: 0, tls: { cert: "", key: "" } },
      opensearch: { port: 0, maxContentBytes: 1, tls: { cert: "", key: "" } },
      redshift: { port: 0, database: "d", pageRows: 1 },
      firehose: { port: 0, deliveryStreams: [] },
      sqs: { port: 0, queues: [] },
      region: "r",
      accountId: "1",
      seed: 1,
      limits: { putRecordsEntries: 1 },
    },
  ],
  "opensearch.openSearchEmitter": [
    opensearch.openSearchEmitter,
    {
      node: endpoint,
      index: "i",
      aws: { region: "r", service: "es", credentials: { accessKeyId: "a", secretAccessKey: "b" } },
      operation: "index",
    },
  ],
  "parquet.parquet": [parquet.parquet, { infer: true, compression: "none", evolution: "full" }],
  "postgres.postgresLeaseTable": [
    postgres.postgresLeaseTable,
    {
      application: "a",
      connection: {
        host: "127.0.0.1",
        port: 1,
        database: "d",
        user: "u",
        password: "p",
        tls: { ca: "x", cert: "y", key: "z" },
      },
      table: "t",
      createTable: true,
      maxConnections: 1,
      requestTimeoutMs: 100,
      logger: core.silentLogger,
      clock: core.systemClock,
      random: core.systemRandom,
    },
  ],
  "postgres.postgresEmitter": [
    postgres.postgresEmitter,
    {
      connection: {
        host: "127.0.0.1",
        port: 1,
        database: "d",
        user: "u",
        password: "p",
        tls: { ca: "c", cert: "c", key: "k" },
      },
      table: "t",
      columns: { id: "text" },
      mode: postgres.insert(),
      positions: "p",
      createPositions: true,
      retentionHours: 24,
      maxRowsPerStatement: 1,
      maxConnections: 1,
      requestTimeoutMs: 1,
    },
  ],
  "postgres.upsert": [postgres.upsert, { key: ["id"], guarded: true, remove: () => false }],
  "iceberg.clientCredentials": [
    iceberg.clientCredentials,
    { clientId: "c", clientSecret: "s", tokenUri: "https://localhost", scope: "catalog" },
  ],
  "iceberg.glueCatalog": [
    iceberg.glueCatalog,
    {
      ...catalogConnection,
      region: "eu-central-1",
      catalogId: "123456789012",
      credentials: () => Promise.reject(new Error("never asked")),
      uri: endpoint,
    },
  ],
  "iceberg.icebergEmitter": [
    iceberg.icebergEmitter,
    { ...icebergTable, ...icebergColumns, ...icebergCommits },
  ],
  "iceberg.icebergFileEmitter": [
    iceberg.icebergFileEmitter,
    { ...icebergTable, ...icebergColumns, to: emitter },
  ],
  "iceberg.icebergManifestEmitter": [iceberg.icebergManifestEmitter, { ...icebergTable, ...icebergCommits }],
  "iceberg.restCatalog": [
    iceberg.restCatalog,
    { ...catalogConnection, uri: endpoint, warehouse: "w", auth: undefined },
  ],
  "iceberg.s3TablesCatalog": [
    iceberg.s3TablesCatalog,
    {
      ...catalogConnection,
      tableBucketArn: "arn:aws:s3tables:eu-central-1:123456789012:bucket/lake",
      credentials: () => Promise.reject(new Error("never asked")),
      uri: endpoint,
    },
  ],
  "iceberg.sigV4": [
    iceberg.sigV4,
    {
      region: "eu-central-1",
      service: "glue",
      credentials: () => Promise.reject(new Error("never asked")),
    },
  ],
  "redshift.jsonAuto": [redshift.jsonAuto, { ignoreCase: true }],
  "redshift.redshiftEmitter": [
    redshift.redshiftEmitter,
    { ...target, format: redshift.jsonAuto(), mergeKeys: ["id"] },
  ],
  "redshift.redshiftManifestEmitter": [
    redshift.redshiftManifestEmitter,
    { ...target, format: redshift.jsonAuto(), buckets: ["b"] },
  ],
  "redshift.s3ManifestEmitter": [
    redshift.s3ManifestEmitter,
    { ...connection, bucket: "bucket", format: s3.ndjson(), to: emitter },
  ],
  "redshift.tableSchema": [
    redshift.tableSchema,
    {
      table: "t",
      columns: [{ name: "id", type: "BIGINT", notNull: true }],
      distributionKey: "id",
      sortKeys: ["id"],
    },
  ],
  "s3.claimChecks": [
    (options: never) => s3.claimChecks(core.json(), options),
    {
      ...connection,
      pointer: s3.lifion(),
      buckets: ["bucket"],
      maxBytes: 1,
      expectedBucketOwner: "123456789012",
      requestPayer: "requester",
    },
  ],
  "s3.claimCheckStore": [
    s3.claimCheckStore,
    { ...connection, bucket: "bucket", prefix: "p", pointer: s3.lifion(), contentType: "text/plain" },
  ],
  "s3.delimited": [s3.delimited, { columns: ["a"], delimiter: ";", quote: "'", header: true, nullText: "" }],
  "s3.raw": [s3.raw, { separator: "", extension: ".bin", contentType: "text/plain" }],
  "replay.deadLetters": [
    replay.deadLetters,
    {
      ...connection,
      bucket: "bucket",
      prefix: "p",
      codes: ["KC_RECORD_POISON"],
      keys: ["a"],
      maxRecordBytes: 1,
    },
  ],
  "replay.repairArchive": [
    replay.repairArchive,
    {
      application: "a",
      pipeline: "p",
      bucket: "b",
      prefix: "p",
      stream: "s",
      deadLetters: { bucket: "b", prefix: "p" },
      kinesis: { region: "r", endpoint },
      dynamodb: { region: "r", endpoint },
      maxBytesPerSecond: 1,
    },
  ],
  "replay.s3Archive": [
    replay.s3Archive,
    {
      ...connection,
      bucket: "bucket",
      prefix: "p",
      formats: [s3.records()],
      maxRecordBytes: 1,
      chunkBytes: 1024,
    },
  ],
  "replay.startReplay": [
    replay.startReplay,
    {
      application: "a",
      pipeline: "p",
      source: "s",
      into: "other",
      leaseTable: "t",
      dynamodb: { region: "r", endpoint },
      maxBytesPerSecond: 1,
      shardConcurrency: 1,
      maxReadAheadBytes: 1,
      stopDeadlineMs: 1,
      onRetentionGap: "stop",
    },
  ],
  "replay.streamRange": [
    replay.streamRange,
    { region: "r", endpoint, stream: "s", from: new Date(1), until: new Date(2), allowInsecure: true },
  ],
  "s3.openArchive": [
    s3.openArchive,
    {
      ...connection,
      bucket: "bucket",
      prefix: "p",
      formats: [s3.records()],
      objects: "records",
      maxAttempts: 1,
      chunkBytes: 1024,
    },
  ],
  "s3.readArchive": [
    async (options: never) => {
      for await (const _record of s3.readArchive(options)) return;
    },
    {
      ...connection,
      bucket: "bucket",
      from: new Date(1),
      until: new Date(2),
      shardId: "s",
      maxRecordBytes: 1,
    },
  ],
  "s3.replayDeadLetters": [
    async (options: never) => {
      for await (const _record of s3.replayDeadLetters(options)) return;
    },
    { ...connection, bucket: "bucket", keys: ["a"], maxLineBytes: 1 },
  ],
  "s3.s3DeadLetters": [s3.s3DeadLetters, { ...connection, bucket: "bucket", prefix: "p" }],
  "s3.s3Emitter": [
    s3.s3Emitter,
    {
      ...connection,
      bucket: "bucket",
      prefix: "p",
      format: s3.ndjson(),
      maxAgeMs: 1,
      compression: s3.none(),
    },
  ],
  "s3.timePartition": [
    s3.timePartition,
    { by: () => 0, zone: "UTC", pattern: { day: "dd" }, maxLateMs: 1, maxAheadMs: 1, epochUnit: "s" },
  ],
  "schema-registry.confluentRecords": [
    schemaRegistry.confluentRecords,
    {
      url: endpoint,
      auth: { username: "a", password: "b" },
      ca: "c",
      allowInsecure: true,
      connectionTimeoutMs: 1,
      requestTimeoutMs: 1,
      proxy: false,
      formats: { AVRO: never, JSON: never },
      clock: core.systemClock,
    },
  ],
  "schema-registry.glueRecords": [
    schemaRegistry.glueRecords,
    { ...connection, formats: { AVRO: never, JSON: never }, maxBytes: 1, clock: core.systemClock },
  ],
  "telemetry.emf": [
    (options: never) => telemetry.emf(metrics, options),
    { names: "kcl", namespace: "n", periodMs: 60_000, write: () => undefined },
  ],
  "telemetry.healthOf": [
    (options: never) => telemetry.healthOf(untyped({}), options, 0),
    {
      maxAgeMs: 1,
      startDeadlineMs: 1,
      stalledMs: 1,
      maxDeliveryLagMs: 1,
      retryingMs: 1,
      readFailingMs: 1,
    },
  ],
  "telemetry.metricsTally": [telemetry.metricsTally, { application: "a", stream: "s", perShard: true }],
  "telemetry.openTelemetry": [
    (options: never) => telemetry.openTelemetry(metrics, options),
    { meterProvider: undefined },
  ],
  "telemetry.traced": [
    (options: never) => telemetry.traced(untyped(emitter), options),
    { tracerProvider: undefined, traceparentOf: () => undefined, read: true },
  ],
  "testkit.describeEmitterContract": [testkit.describeEmitterContract, { ...contract, faults: {} }],
  "testkit.runPipeline": [(options: never) => testkit.runPipeline(pipeline, [], options), { pageRecords: 1 }],
  "testkit.simulatedShard": [
    (options: never) => testkit.simulatedShard([], options),
    { clock: testkit.virtualClock(), pageRecords: 1, pageMs: 1 },
  ],
  "testkit.startClockAhead": [
    (options: never) => testkit.startClockAhead(endpoint, options),
    { aheadMs: 0, service: "s3" },
  ],
  "testkit.startLoopbackProxy": [
    testkit.startLoopbackProxy,
    { route: () => 1, forwardTo: 1, credentials: "user:password", tls: { key: "", cert: "" } },
  ],
  "testkit/leases.describeLeaseTable": [
    testkitLeases.describeLeaseTable,
    {
      ...contract,
      connect: testkit.excluded("x"),
      answerLost: testkit.excluded("x"),
      restart: testkit.excluded("x"),
      setCounter: testkit.excluded("x"),
      manyLeases: 1,
      additional: never,
    },
  ],
  "wire.createAggregator": [wire.createAggregator, { maxBytes: 1, maxRecords: 1 }],
};

/** Exported functions that take no options by name. A new one is written down here or above. */
export const WITHOUT_OPTIONS: Readonly<Record<string, string>> = {
  admin: "consoleProblem",
  avro: "",
  "schema-registry": "",
  "aws-records": "dsqlChanges",
  config:
    "ConfigError configSchema problemLine " +
    // What a file or a flag says; the factory of the store checks it.
    "leaseTableAt",
  consumer:
    "KinesisCallError memoryLeases " +
    // Checks those of startConnector, and says so.
    "checkConnectorOptions startFaults",
  "consumer/dynamodb-leases": "isTableName isTableOutage",
  "consumer/kinesis": "",
  "consumer/reading":
    "KinesisCallError toUserRecords " +
    // What a driver that owns a shard hands over, complete.
    "listAllShards pollingSource " +
    // What is handed over was checked by whoever made it.
    "checkStream consumerArnOf shardSources",
  "consumer/user-records": "toUserRecords",
  core:
    "ByteBudget Closing ExactNumber KinesisConnectorError allowAll asError backoffMs batchIdOf batchesOf bytes checkOptions closeLimitMs handedBatches handler comparePositions compareSequenceNumbers entriesPast " +
    "dataBytesOf decodeWith decodingOf errorFields exactNumberOf giveNotice guardedLogger guardedObserver hasCode hasLoneSurrogate invalidOption isProgrammingError isPromise " +
    "jsonHasLoneSurrogate jsonOfOutput parseJson keptCause momentOfText nonEmptyText outputCountOf poisonRecord sleep stringifyJson text wholeNumber " +
    // What the owner of a shard hands over, complete but for a logger.
    "processShard",
  dynamodb: "itemBytesOf",
  cdk: "",
  kcl: "",
  iceberg: "bearer",
  "iceberg/files": "filesOfManifest tableFiles tableManifests",
  firehose: "",
  sqs: "",
  kinesis: "",
  lambda: "",
  // What starts a sandbox takes a clock and a function.
  "lambda/testing": "sandboxOf",
  leases:
    "HeldLease StoreCalls actualOwner backupLeases changed compareCheckpoints described factWrites fieldChange firstCheckpoint leaseFields leaseOfFields isAsSeen isEnded isSwitch leaseCheckpointer leaseFrom " +
    "memoryLeases ownPending ownerKindOf restoreFrom shardStatuses startPositionOf tableOfRange tableOfStream wasOurs",
  local: "KinesisError LocalAwsError virtualClock",
  opensearch: "",
  parquet: "",
  postgres: "insert",
  protobuf: "protobuf",
  replay: "",
  redshift: "csv delimited jsonPaths ledgerSchema",
  telemetry: "prometheusText",
  s3: "ObjectWriter awsExtended gzip lengthPrefixed lifion ndjson none rangeNameOf records zstd",
  testkit:
    "batchOf batchOfEntries contextOf declaredCapabilities declaredOrder deliver deliverStubbornly emptyBatch entryOf excluded failureFrom " +
    "encodedOutputs keepingLogger lostReply memoryCheckpointer oversizedRecord planOf promptAbort recordsOf refusedCredentials refusedRecords " +
    "repeatedBatch repeatedClose requestLimits seededRandom throttling thrownBy untouchedInput virtualClock wholeBatch",
  "testkit/leases": "",
  wire:
    "AggregateInputError AggregatedRecord PageRecord WireFormatError deaggregate deaggregatePageRecord isInHashKeyRange parseExplicitHashKey " +
    "partitionHashKey readEventFrames readRecordsCbor readRecordsJson startsWithMagic",
};
/** All exported functions, by package. */
export const PACKAGES: Readonly<Record<string, object>> = {
  avro,
  protobuf,
  "schema-registry": schemaRegistry,
  config,
  admin,
  "aws-records": awsRecords,
  consumer,
  "consumer/dynamodb-leases": consumerLeases,
  "consumer/kinesis": consumerKinesis,
  "consumer/reading": consumerReading,
  "consumer/user-records": consumerUserRecords,
  core,
  "leases-mysql": leasesMysql,
  "leases-redis": leasesRedis,
  dynamodb,
  cdk,
  kcl,
  iceberg,
  "iceberg/files": icebergFiles,
  firehose,
  sqs,
  kinesis,
  lambda,
  "lambda/testing": lambdaTesting,
  leases,
  local,
  opensearch,
  parquet,
  postgres,
  redshift,
  replay,
  s3,
  telemetry,
  testkit,
  "testkit/leases": testkitLeases,
  wire,
};
