const INFRASTRUCTURE =
  "was left out: nothing is built here; make it with CDK, Terraform or the console of AWS";
const TRANSPORT = "was left out: there is no transport client any more, everything goes over HTTP";
const SEED = "was left out: records for a try come from kinesis-connectors' own sample, npm run seed-stream";

/** Keys that nothing here stands for, and why. */
export const GONE: Readonly<Record<string, string>> = {
  connectorDestination: "was left out: the user agent names the destination by itself",
  callProcessRecordsEvenForEmptyList:
    "was left out: a batch that is due by its age is written without new records",
  cleanupTerminatedShardsBeforeExpiry:
    "was left out: finished shards are always cleaned up by the rule of the KCL 3",
  createKinesisInputStream: "was left out: kinesis-connectors create stream NAME --shards N",
  createKinesisOutputStream: "was left out: kinesis-connectors create stream NAME --shards N",
  kinesisInputStreamShardCount: "was left out: it is the --shards of kinesis-connectors create stream",
  kinesisOutputStreamShardCount: "was left out: it is the --shards of kinesis-connectors create stream",
  createDynamoDBDataTable: "was left out: kinesis-connectors create table NAME --key NAME:S",
  dynamoDBKey: "was left out: it is the --key of kinesis-connectors create table",
  readCapacityUnits: "was left out: it is the --rcu of kinesis-connectors create table; on demand without it",
  writeCapacityUnits:
    "was left out: it is the --wcu of kinesis-connectors create table; on demand without it",
  createRedshiftDataTable: "was left out: kinesis-connectors create table --redshift prints the CREATE TABLE",
  createRedshiftFileTable:
    "was left out: kinesis-connectors create table --redshift prints the CREATE TABLE of the ledger",
  createRedshiftCluster: INFRASTRUCTURE,
  redshiftClusterType: INFRASTRUCTURE,
  redshiftNumberOfNodes: INFRASTRUCTURE,
  createS3Bucket: INFRASTRUCTURE,
  createElasticsearchCluster: INFRASTRUCTURE,
  elasticsearchCloudFormationTemplateUrl: INFRASTRUCTURE,
  elasticsearchCloudFormationStackName: INFRASTRUCTURE,
  elasticsearchCloudFormationKeyPairName: INFRASTRUCTURE,
  elasticsearchCloudFormationClusterInstanceType: INFRASTRUCTURE,
  elasticsearchCloudFormationSSHLocation: INFRASTRUCTURE,
  elasticsearchCloudFormationClusterSize: INFRASTRUCTURE,
  redshiftFileKeyColumn: "was left out: the ledger's columns are this project's own",
  redshiftCopyMandatory: "was left out: every file of a load is mandatory, so that none is passed over",
  elasticsearchClusterName: "was left out: over HTTP a cluster needs no name",
  elasticsearchDefaultTypeName: "was left out: indexes have no types any more",
  elasticsearchVersionNumber: "was left out: the requests are the same for every version that is supported",
  clientTransportSniff: TRANSPORT,
  clientTransportIgnoreClusterName: TRANSPORT,
  clientTransportPingTimeout: TRANSPORT,
  clientTransportNodesSamplerInterval: TRANSPORT,
  cloudWatchMaxQueueSize: "was left out: metrics are written as lines, and nothing waits in a queue",
  createStreamSource: SEED,
  loopOverStreamSource: SEED,
  inputStreamFile: SEED,
};
