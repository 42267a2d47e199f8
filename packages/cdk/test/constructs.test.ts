import { Vpc } from "aws-cdk-lib/aws-ec2";
import { Cluster, ContainerImage } from "aws-cdk-lib/aws-ecs";
import { Stream, StreamEncryption } from "aws-cdk-lib/aws-kinesis";
import { Code } from "aws-cdk-lib/aws-lambda";
import { SqsDlq } from "aws-cdk-lib/aws-lambda-event-sources";
import { Queue } from "aws-cdk-lib/aws-sqs";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import {
  KinesisConnectorFunction,
  type KinesisConnectorFunctionProps,
  KinesisConnectorService,
  type KinesisConnectorServiceProps,
  type PolicyDocumentJson,
  rightsFrom,
} from "../src/index.js";
import {
  FAN_OUT_POLICY,
  FUNCTION_POLICY,
  LEASES_POLICY,
  MAPPING_POLICY,
  READ_POLICY,
} from "../src/policies.js";
import { grantedBy, Made, stackOf } from "./support/stacks.js";

const policyFile = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const readPolicy = (path: string): unknown => JSON.parse(readFileSync(policyFile(path), "utf8"));

const S3_POLICY = policyFile("s3/iam/emitter-policy.json");
const OTHERS_ARN = "arn:aws:kinesis:eu-central-1:999988887777:stream/clicks";
const notOfKey = (sid: string): boolean => sid !== "OnlyForEncryptedStreams";

function functionOf(props: Partial<KinesisConnectorFunctionProps> = {}) {
  const stack = stackOf();
  const stream = Stream.fromStreamArn(
    stack,
    "Stream",
    "arn:aws:kinesis:eu-central-1:111122223333:stream/clicks",
  );
  const made = new KinesisConnectorFunction(stack, "Archive", {
    application: "click-archive",
    stream,
    code: Code.fromInline("exports.handler = () => {}"),
    ...props,
  });
  return { stack, made, template: () => new Made(stack) };
}

function serviceOf(props: Partial<KinesisConnectorServiceProps> = {}) {
  const stack = stackOf();
  const vpc = Vpc.fromVpcAttributes(stack, "Vpc", {
    vpcId: "vpc-0a1b2c3d",
    availabilityZones: ["eu-central-1a", "eu-central-1b"],
    privateSubnetIds: ["subnet-0a1b2c3d", "subnet-1a1b2c3d"],
  });
  const made = new KinesisConnectorService(stack, "Archive", {
    application: "click-archive",
    stream: Stream.fromStreamArn(stack, "Stream", "arn:aws:kinesis:eu-central-1:111122223333:stream/clicks"),
    cluster: Cluster.fromClusterAttributes(stack, "Cluster", { clusterName: "clicks", vpc }),
    image: ContainerImage.fromRegistry("registry.example.com/click-archive:1"),
    scaling: { maxTasks: 4 },
    ...props,
  });
  expect(made.container.essential).toBe(true);
  return new Made(stack);
}

describe("KinesisConnectorFunction", () => {
  it("maps the stream as exactly once asks for it: one batch of a shard at a time, partial answers, bisecting, retries without an end", () => {
    const { template } = functionOf();
    const mapping = template().only("AWS::Lambda::EventSourceMapping");
    expect(mapping).toMatchObject({
      ParallelizationFactor: 1,
      FunctionResponseTypes: ["ReportBatchItemFailures"],
      BisectBatchOnFunctionError: true,
      BatchSize: 1_000,
      MaximumBatchingWindowInSeconds: 10,
      StartingPosition: "TRIM_HORIZON",
      EventSourceArn: "arn:aws:kinesis:eu-central-1:111122223333:stream/clicks",
      DestinationConfig: { OnFailure: { Destination: expect.anything() } },
    });
    for (const left of [
      "MaximumRetryAttempts",
      "MaximumRecordAgeInSeconds",
      "TumblingWindowInSeconds",
      "FilterCriteria",
    ])
      expect(mapping).not.toHaveProperty(left);
    expect(template().only("AWS::Lambda::Function")).toMatchObject({
      Runtime: "nodejs22.x",
      MemorySize: 512,
      Timeout: 60,
    });
    expect(template().only("AWS::SQS::Queue")).toMatchObject({ MessageRetentionPeriod: 14 * 86_400 });
  });

  it("has the rights of the package, of the mapping and of its destination, and no others but its queue's", () => {
    const s3 = { names: { BUCKET: "click-archive", PREFIX: "clicks" }, without: ["OnlyForSseKms"] };
    const { template } = functionOf({ rights: rightsFrom(S3_POLICY, s3) });
    const names = { TABLE: "click-archive", STREAM: "clicks" };
    const all = template().statements();
    expect(all.filter(({ Sid }) => Sid !== undefined)).toEqual(
      [
        ...grantedBy(FUNCTION_POLICY, names, (sid) => sid !== "WhatAnEventDoesNotHold"),
        ...grantedBy(FUNCTION_POLICY, names, (sid) => sid === "WhatAnEventDoesNotHold"),
        ...grantedBy(MAPPING_POLICY, names, notOfKey),
        ...grantedBy(
          readPolicy("s3/iam/emitter-policy.json") as PolicyDocumentJson,
          s3.names,
          (sid) => sid !== "OnlyForSseKms",
        ),
      ].toSorted((a, b) => order(all, a.Sid) - order(all, b.Sid)),
    );
    const [queue, ...none] = all.filter(({ Sid }) => Sid === undefined);
    expect(none).toEqual([]);
    expect(queue).toMatchObject({ Action: expect.arrayContaining(["sqs:SendMessage"]) });
  });

  it("reads a stream of another account, and the key of one that is encrypted", () => {
    const { stack, template } = functionOf();
    const others = new KinesisConnectorFunction(stack, "Others", {
      application: "others",
      stream: Stream.fromStreamArn(stack, "OthersStream", OTHERS_ARN),
      code: Code.fromInline("exports.handler = () => {}"),
    });
    const encrypted = new Stream(stack, "Encrypted", { encryption: StreamEncryption.KMS });
    const ofEncrypted = new KinesisConnectorFunction(stack, "OfEncrypted", {
      application: "of-encrypted",
      stream: encrypted,
      code: Code.fromInline("exports.handler = () => {}"),
    });
    expect([others.failureQueue, ofEncrypted.failureQueue]).not.toContain(undefined);
    const resources = template()
      .statements()
      .map(({ Sid, Resource }) => [Sid, JSON.stringify(Resource)] as const);
    const onOthers = resources.filter(([, resource]) => resource.includes("999988887777"));
    expect(onOthers.map(([sid]) => sid).toSorted()).toEqual([
      "WhatAnEventDoesNotHold",
      "WhatTheMappingReadsWithTheFunctionsRole",
    ]);
    expect(resources.filter(([sid]) => sid === "OnlyForEncryptedStreams")).toEqual([
      [
        "OnlyForEncryptedStreams",
        expect.stringContaining("arn:aws:kms:eu-central-1:111122223333:key/<Encrypted"),
      ],
    ]);
  });

  it("tells another destination of what was given up, and takes all that a function takes", () => {
    const { stack } = functionOf();
    const queue = new Queue(stack, "Mine");
    const other = functionOf({ functionOptions: { memorySize: 1_024 } });
    expect(other.template().only("AWS::Lambda::Function")).toMatchObject({ MemorySize: 1_024, Timeout: 60 });
    const made = new KinesisConnectorFunction(stack, "WithQueue", {
      application: "a",
      stream: Stream.fromStreamArn(stack, "S", OTHERS_ARN),
      code: Code.fromInline("exports.handler = () => {}"),
      onFailure: new SqsDlq(queue),
    });
    expect(made.failureQueue).toBeUndefined();
  });

  it.each([
    [{ batchSize: 10_001 }, /batchSize must be/],
    [{ maxBatchingWindowS: 301 }, /maxBatchingWindowS must be/],
    [{ application: "" }, /application must be/],
  ])("refuses %j by name, before anything is made", (props, message) => {
    expect(() => functionOf(props)).toThrow(message);
  });
});

describe("KinesisConnectorService", () => {
  it("runs tasks that have the time to stop, a read-only root, and a check that asks whether they live", () => {
    const task = serviceOf().only("AWS::ECS::TaskDefinition");
    expect(task).toMatchObject({ Cpu: "1024", Memory: "2048", RequiresCompatibilities: ["FARGATE"] });
    const [container, ...none] = task["ContainerDefinitions"] as readonly Record<string, unknown>[];
    expect(none).toEqual([]);
    expect(container).toMatchObject({
      StopTimeout: 120,
      ReadonlyRootFilesystem: true,
      MountPoints: [{ ContainerPath: "/spool", SourceVolume: "spool", ReadOnly: false }],
      HealthCheck: {
        Command: ["CMD", "node", "-e", expect.stringContaining("http://127.0.0.1:9464/livez")],
        StartPeriod: 120,
      },
    });
    expect(serviceOf({ adminPort: 9000 }).only("AWS::ECS::TaskDefinition")).toMatchObject({
      ContainerDefinitions: [
        { HealthCheck: { Command: expect.arrayContaining([expect.stringContaining(":9000/livez")]) } },
      ],
    });
  });

  it("has the rights of the consumer and no others; those of fan-out where it reads so; two tables where the lease table has a name of its own", () => {
    const names = { APPLICATION: "click-archive", STREAM: "clicks" };
    const sorted = (made: Made) =>
      made
        .statements()
        .filter(({ Sid }) => Sid !== undefined)
        .toSorted((a, b) => a.Sid.localeCompare(b.Sid));
    const leases = grantedBy(LEASES_POLICY, names);
    const reading = [...grantedBy(READ_POLICY, names, notOfKey), ...leases];
    const expected = (...statements: typeof reading) =>
      statements.toSorted((a, b) => a.Sid.localeCompare(b.Sid));
    expect(sorted(serviceOf())).toEqual(expected(...reading));
    expect(sorted(serviceOf({ fanOut: true }))).toEqual(
      expected(...reading, ...grantedBy(FAN_OUT_POLICY, names)),
    );
    expect(sorted(serviceOf({ leaseTable: "rows" })).map(({ Resource }) => Resource)).toEqual(
      expect.arrayContaining([
        "arn:aws:dynamodb:eu-central-1:111122223333:table/rows",
        "arn:aws:dynamodb:eu-central-1:111122223333:table/click-archive-CoordinatorState",
      ]),
    );
  });

  it("follows the delivery lag of the shard that is furthest behind, ten minutes between two changes", () => {
    const made = serviceOf({ scaling: { minTasks: 2, maxTasks: 8, deliveryLagS: 300 } });
    expect(made.only("AWS::ApplicationAutoScaling::ScalableTarget")).toMatchObject({
      MinCapacity: 2,
      MaxCapacity: 8,
    });
    const policy = made.only("AWS::ApplicationAutoScaling::ScalingPolicy");
    expect(policy).toMatchObject({
      PolicyType: "TargetTrackingScaling",
      TargetTrackingScalingPolicyConfiguration: {
        TargetValue: 300,
        ScaleInCooldown: 600,
        ScaleOutCooldown: 600,
        CustomizedMetricSpecification: {
          Namespace: "KinesisConnectors",
          MetricName: "delivery.lag.duration",
          Statistic: "Maximum",
        },
      },
    });
    expect(made.only("AWS::ECS::Service")).toMatchObject({
      DeploymentConfiguration: { MinimumHealthyPercent: 100, MaximumPercent: 200 },
    });
  });

  it.each([
    [{ stopDeadlineMs: 110_001 }, /stopDeadlineMs must be 110000 at most on Fargate/],
    [{ memoryMiB: 512 }, /memoryMiB must be 556 at least: maxReadAheadBytes and 300 MiB/],
    [{ scaling: { minTasks: 2, maxTasks: 1 } }, /maxTasks must not be below/],
  ])("refuses %j by name, before anything is made", (props, message) => {
    expect(() => serviceOf(props)).toThrow(message);
  });
});

describe("rights", () => {
  it.each([
    ["lambda/iam/function-policy.json", FUNCTION_POLICY],
    ["lambda/iam/mapping-policy.json", MAPPING_POLICY],
    ["consumer/iam/read-policy.json", READ_POLICY],
    ["consumer/iam/leases-policy.json", LEASES_POLICY],
    ["consumer/iam/fan-out-policy.json", FAN_OUT_POLICY],
  ])("are those of %s", (path, policy) => {
    expect(policy).toEqual(readPolicy(path));
  });

  it.each([
    [
      { names: { BUCKET: "b" } },
      /names must say what PREFIX is, which the policy has in arn:aws:s3:::BUCKET\/PREFIX\/\*/,
    ],
    [
      { names: { BUCKET: "b", PREFIX: "p", KEY: "k", TABLE: "t" } },
      /names has TABLE, which the policy has not/,
    ],
    [
      { names: {}, without: ["Nothing"] },
      /without names Nothing, which the policy has not: it has WriteObjectsOnce/,
    ],
  ])("that are asked for by %j are refused", (options, message) => {
    expect(() => rightsFrom(S3_POLICY, options)).toThrow(message);
    expect(() => rightsFrom(policyFile("s3/package.json"), options)).toThrow(/is none/);
  });

  it("keep their conditions, with names in them", () => {
    const [, list] = rightsFrom(policyFile("s3/iam/replay-policy.json"), {
      names: { BUCKET: "b", PREFIX: "letters" },
      without: ["OnlyForSseKms"],
    });
    expect(list?.toStatementJson()).toMatchObject({
      Condition: { StringLike: { "s3:prefix": "letters/*" } },
    });
  });
});

/** Where a statement stands: CDK sorts nothing, but puts statements of one policy in an order of its own. */
function order(all: readonly { readonly Sid: string }[], sid: string): number {
  return all.findIndex((statement) => statement.Sid === sid);
}
