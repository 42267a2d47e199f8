import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromProperties } from "../src/index.js";
import { parseProperties } from "../src/properties/parse-properties.js";
import { problemsOf } from "./support/load.js";

/** Every key of `KinesisConnectorConfiguration`, and those that its samples add (amazon-kinesis-connectors 1.3.0). */
const KEYS = `appName connectorDestination retryLimit backoffInterval regionName workerID
bufferRecordCountLimit bufferByteSizeLimit bufferMillisecondsLimit batchRecordsInPutRequest
kinesisEndpoint kinesisInputStream kinesisInputStreamShardCount kinesisOutputStream kinesisOutputStreamShardCount
failoverTime maxRecords initialPositionInStream idleTimeBetweenReads parentShardPollInterval shardSyncInterval
callProcessRecordsEvenForEmptyList cleanupTerminatedShardsBeforeExpiry
s3Endpoint s3Bucket
redshiftEndpoint redshiftUsername redshiftPassword redshiftURL redshiftDataTable redshiftFileTable redshiftFileKeyColumn
redshiftDataDelimiter redshiftCopyMandatory
dynamoDBEndpoint dynamoDBDataTableName
cloudWatchNamespace cloudWatchBufferTime cloudWatchMaxQueueSize
elasticsearchClusterName elasticsearchEndpoint elasticsearchPort clientTransportSniff clientTransportIgnoreClusterName
clientTransportPingTimeout clientTransportNodesSamplerInterval elasticsearchDefaultIndexName elasticsearchDefaultTypeName
elasticsearchVersionNumber elasticsearchCloudFormationTemplateUrl elasticsearchCloudFormationStackName
elasticsearchCloudFormationKeyPairName elasticsearchCloudFormationClusterInstanceType elasticsearchCloudFormationSSHLocation
elasticsearchCloudFormationClusterSize
createKinesisInputStream createKinesisOutputStream createDynamoDBDataTable dynamoDBKey readCapacityUnits writeCapacityUnits
createRedshiftCluster redshiftClusterIdentifier redshiftDatabaseName redshiftClusterType redshiftNumberOfNodes
createRedshiftDataTable createRedshiftFileTable createS3Bucket createElasticsearchCluster createStreamSource
loopOverStreamSource inputStreamFile`
  .split(/\s+/)
  .filter((key) => key !== "");

const VALUE = "CANARY8271";

describe("every key of the Java configuration", () => {
  it.each(["s3Bucket", "redshiftDataTable", "dynamoDBDataTableName", "elasticsearchEndpoint"])(
    "is turned into an option or said to be left out, with %s",
    (destination) => {
      for (const key of KEYS) {
        const { yaml, notes } = fromProperties(
          `appName=app\nkinesisInputStream=in\nregionName=us-east-1\n${destination}=x1\n${key}=${VALUE}\n`,
        );
        const isTold = notes.some((note) => note.startsWith(`${key} `));
        const isThere = yaml.toLowerCase().includes(VALUE.toLowerCase());
        expect([key, isTold || isThere]).toEqual([key, true]);
        expect(notes.filter((note) => note.includes("is no key"))).toEqual([]);
        // Notes go to a terminal, and some values are passwords.
        expect(notes.join("\n")).not.toContain(VALUE);
      }
    },
  );

  it("that is none is named, with the one that was probably meant", () => {
    const { notes } = fromProperties(
      "appName=a\nkinesisInputStream=s\ns3Bucket=b\nbufferRecordCountLimt=3\n",
    );
    expect(notes).toContain(
      "bufferRecordCountLimt was left out: it is no key of the Java connectors; did you mean bufferRecordCountLimit?",
    );
  });
});

it("a password never leaves the file, and what to do is said", () => {
  const { files, notes } = fromProperties(
    "kinesisInputStream=s\ns3Bucket=b\nredshiftDataTable=t\nredshiftPassword=s3cr3t-canary\nredshiftURL=jdbc:redshift://c.x.eu-west-1.redshift.amazonaws.com:5439/d\n",
  );
  expect(JSON.stringify([files, notes])).not.toContain("s3cr3t-canary");
  expect(notes.find((note) => note.startsWith("redshiftPassword"))).toContain("Secrets Manager");
  expect(files[0]?.yaml).toContain("cluster: c");
  expect(files[0]?.yaml).toContain("region: eu-west-1");
});

it("a threshold without limit has the default here, and the note says so", () => {
  const { yaml, notes } = fromProperties(
    "kinesisInputStream=s\ns3Bucket=b\nbufferMillisecondsLimit=9223372036854775807\n",
  );
  expect(yaml).not.toContain("maxAgeMs");
  expect(notes).toContain(
    "bufferMillisecondsLimit has no limit in Java, and has the default here: all three thresholds are always on",
  );
});

it("what was a variable's sign in Java is a text here", async () => {
  const { yaml } = fromProperties("appName=a-b\nkinesisInputStream=s\ns3Bucket=bucket-${not-a-variable}\n");
  expect(yaml).toContain('"bucket-$${not-a-variable}"');
  // The bucket is refused by its name, and not as an unset variable.
  expect((await problemsOf(yaml)).join("\n")).toContain("bucket must be the bare name");
});

it.each([
  ["records in arrays", "batchRecordsInPutRequest=true\ns3Bucket=bucket", "many: true"],
  ["a stream", "kinesisOutputStream=out", "type: kinesis"],
  ["names of files in a stream", "s3Bucket=bucket\nkinesisOutputStream=out", "announce:"],
  ["files of a Java stage one", "s3Bucket=bucket\nredshiftFileTable=files", "type: redshift"],
  [
    "a serverless workgroup",
    "s3Bucket=bucket\nredshiftDataTable=t\nredshiftUsername=u\nredshiftURL=jdbc:redshift://wg.123456789012.eu-west-1.redshift-serverless.amazonaws.com:5439/d",
    "workgroup: wg",
  ],
  ["a domain of AWS", "elasticsearchEndpoint=search-x.eu-west-1.es.amazonaws.com", "aws:"],
])("a file for %s makes a file that is right", async (_, text, expected) => {
  const { files } = fromProperties(
    `appName=my-app\nregionName=eu-west-1\nkinesisInputStream=in\n${text}\nidleTimeBetweenReads=5\nmaxRecords=50000\nretryLimit=0\n`,
  );
  expect(files.map(({ yaml }) => yaml).join("")).toContain(expected);
  for (const { yaml } of files) {
    const problems = await problemsOf(yaml);
    // What the file does not say cannot be made up.
    expect(problems.filter((problem) => !problem.includes("give cluster or workgroup"))).toEqual([]);
  }
});

describe("a .properties file is read as Java reads it", () => {
  it("with its comments, separators, escapes and long lines", () => {
    expect([
      ...parseProperties(
        [
          "# comment",
          "! comment",
          "",
          "a=1",
          "b : 2",
          "c 3",
          "  d\t=\t4  ",
          "e\\ f = g\\:h\\=i\\\\",
          "long = one, \\",
          "       two",
          "u = \\u00e9\\t|",
          "empty =",
          "alone",
          "a=again",
        ].join("\r\n"),
      ),
    ]).toEqual([
      ["a", "again"],
      ["b", "2"],
      ["c", "3"],
      ["d", "4  "],
      ["e f", "g:h=i\\"],
      ["long", "one, two"],
      ["u", "é\t|"],
      ["empty", ""],
      ["alone", ""],
    ]);
  });

  it("and gives back what was written with escapes, whatever it is", () => {
    const escaped = (text: string): string =>
      Array.from(text, (character) => (/\w/.test(character) ? character : unicode(character))).join("");
    const unicode = (character: string): string =>
      Array.from(
        { length: character.length },
        (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`,
      ).join("");
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string(), (key, value) => {
        expect([...parseProperties(`${escaped(key)}=${escaped(value)}\n`)]).toEqual([[key, value]]);
      }),
    );
  });
});
