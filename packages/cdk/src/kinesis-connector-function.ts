import { checkOptions, nonEmptyText, type OptionNames, wholeNumber } from "@kinesis-connectors/core";
import { Duration } from "aws-cdk-lib";
import type { PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { IStream } from "aws-cdk-lib/aws-kinesis";
import {
  type Code,
  EventSourceMapping,
  Function as LambdaFunction,
  type FunctionOptions,
  type IEventSourceDlq,
  Runtime,
  StartingPosition,
} from "aws-cdk-lib/aws-lambda";
import { SqsDlq } from "aws-cdk-lib/aws-lambda-event-sources";
import { Queue } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import { MAX_BATCH_SIZE, MAX_BATCHING_WINDOW_S, QUEUE_RETENTION_DAYS } from "./limits.js";
import { FUNCTION_POLICY, MAPPING_POLICY } from "./policies.js";
import { rightsFrom } from "./rights-from.js";
import { streamRights } from "./stream-rights.js";

/** Properties of `KinesisConnectorFunction`. */
export interface KinesisConnectorFunctionProps {
  /** `application` of `kinesisHandler`. */
  readonly application: string;
  /** The stream, also one of another account, whose owner has to let the function's role read it. */
  readonly stream: IStream;
  /** The bundle that exports the handler. */
  readonly code: Code;
  /** The module and what it exports. Default `index.handler`. */
  readonly handler?: string;
  /** Default `NODEJS_22_X`. */
  readonly runtime?: Runtime;
  /** `leaseTable` of `kinesisHandler`, where that is a name. Default: the application's name. The handler makes the table when it is missing. */
  readonly leaseTable?: string;
  /** Where the mapping begins. Default `TRIM_HORIZON`: what the rows of the lease table say has been delivered is passed over. */
  readonly startingPosition?: StartingPosition;
  /** Most records of an invocation, 1 to 10,000. Default 1,000. */
  readonly batchSize?: number;
  /** How long records are gathered for one invocation, in seconds, 0 to 300. Default 10. */
  readonly maxBatchingWindowS?: number;
  /** Where the mapping tells of records that it gave up, such as those too large for an invocation. Default: a queue of its own, `failureQueue`, kept for 14 days. */
  readonly onFailure?: IEventSourceDlq;
  /** What the function may do besides: `rightsFrom` the policies of the destinations. Default: nothing. */
  readonly rights?: readonly PolicyStatement[];
  /** All else that `Function` takes. Default: 512 MiB and a minute. */
  readonly functionOptions?: FunctionOptions;
}

const NAMES: OptionNames<KinesisConnectorFunctionProps> = {
  application: "required",
  stream: "required",
  code: "required",
  handler: true,
  runtime: true,
  leaseTable: true,
  startingPosition: true,
  batchSize: true,
  maxBatchingWindowS: true,
  onFailure: true,
  rights: true,
  functionOptions: true,
};

/**
 * A function of `kinesisHandler` and the mapping that feeds it, as exactly once asks for it: one batch of a shard at a time, partial answers, bisecting, retries without an end, and a
 * place where what the mapping gives up is told. The function has the rights of `@kinesis-connectors/lambda` and no others; give those of the destinations as `rights`.
 *
 * @example
 * ```ts
 * new KinesisConnectorFunction(this, "ClickArchive", {
 *   application: "click-archive",
 *   stream,
 *   code: Code.fromAsset("dist"),
 *   rights: rightsFrom("node_modules/@kinesis-connectors/s3/iam/emitter-policy.json", {
 *     names: { BUCKET: bucket.bucketName, PREFIX: "clicks" },
 *     without: ["OnlyForSseKms"],
 *   }),
 * });
 * ```
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the property and what it takes
 */
export class KinesisConnectorFunction extends Construct {
  /** The function. */
  readonly function: LambdaFunction;
  /** The mapping of the stream. */
  readonly mapping: EventSourceMapping;
  /** Where the mapping tells of what it gave up; undefined where `onFailure` is given. */
  readonly failureQueue: Queue | undefined;

  constructor(scope: Construct, id: string, props: KinesisConnectorFunctionProps) {
    checkOptions("KinesisConnectorFunction", props, NAMES);
    const application = nonEmptyText("application", props.application);
    const batchSize = wholeNumber("batchSize", props.batchSize ?? 1_000, { min: 1, max: MAX_BATCH_SIZE });
    const windowS = wholeNumber("maxBatchingWindowS", props.maxBatchingWindowS ?? 10, {
      min: 0,
      max: MAX_BATCHING_WINDOW_S,
    });
    super(scope, id);
    const { stream } = props;
    this.function = new LambdaFunction(this, "Function", {
      memorySize: 512,
      timeout: Duration.minutes(1),
      ...props.functionOptions,
      runtime: props.runtime ?? Runtime.NODEJS_22_X,
      handler: props.handler ?? "index.handler",
      code: props.code,
    });
    const statements = [
      ...rightsFrom(FUNCTION_POLICY, {
        names: { TABLE: props.leaseTable ?? application },
        without: ["WhatAnEventDoesNotHold"],
      }),
      ...streamRights(FUNCTION_POLICY, stream, [
        "TheRowsOfTheShards",
        "OnlyWhereTheTableIsNotThereYet",
        "UnlessTheMappingIsStated",
      ]),
      ...streamRights(MAPPING_POLICY, stream),
      ...(props.rights ?? []),
    ];
    for (const statement of statements) this.function.addToRolePolicy(statement);
    this.failureQueue =
      props.onFailure === undefined
        ? new Queue(this, "Failures", {
            retentionPeriod: Duration.days(QUEUE_RETENTION_DAYS),
            enforceSSL: true,
          })
        : undefined;
    this.mapping = new EventSourceMapping(this, "Mapping", {
      target: this.function,
      eventSourceArn: stream.streamArn,
      startingPosition: props.startingPosition ?? StartingPosition.TRIM_HORIZON,
      batchSize,
      maxBatchingWindow: Duration.seconds(windowS),
      // Batches of one shard must not overtake each other: the row would pass over the ones behind.
      parallelizationFactor: 1,
      reportBatchItemFailures: true,
      bisectBatchOnError: true,
      onFailure: props.onFailure ?? new SqsDlq(this.failureQueue as Queue),
    });
  }
}
