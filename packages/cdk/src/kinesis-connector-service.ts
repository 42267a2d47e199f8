import {
  checkOptions,
  invalidOption,
  nonEmptyText,
  type OptionNames,
  wholeNumber,
} from "@kinesis-connectors/core";
import { Duration } from "aws-cdk-lib";
import {
  type ContainerDefinition,
  type ContainerImage,
  FargateService,
  type FargateServiceProps,
  FargateTaskDefinition,
  type ICluster,
  LogDrivers,
  type Secret,
} from "aws-cdk-lib/aws-ecs";
import type { PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { IStream } from "aws-cdk-lib/aws-kinesis";
import { Construct } from "constructs";
import { MAX_STOP_TIMEOUT_S, MEMORY_MARGIN_MIB, STOP_MARGIN_S } from "./limits.js";
import { FAN_OUT_POLICY, LEASES_POLICY, READ_POLICY } from "./policies.js";
import { rightsFrom } from "./rights-from.js";
import { checkedScaling, scaleOnDeliveryLag, type ServiceScaling } from "./service-scaling.js";
import { streamRights } from "./stream-rights.js";

/** Properties of `KinesisConnectorService`. */
export interface KinesisConnectorServiceProps {
  /** `application` of `startConnector`, or of the file. */
  readonly application: string;
  /** The stream, also one of another account, whose owner has to let the task's role read it. */
  readonly stream: IStream;
  /** Where the tasks run. */
  readonly cluster: ICluster;
  /** An image whose first process is the connector, with its admin server on 127.0.0.1:9464: such as that of `deploy/docker`. */
  readonly image: ContainerImage;
  /** How many tasks there are. */
  readonly scaling: ServiceScaling;
  /** Whether the connector reads by `fanOut()`, which takes other rights. Default false. */
  readonly fanOut?: boolean;
  /** `leaseTable`, where that is a name. Default: the application's name. */
  readonly leaseTable?: string;
  /** `stopDeadlineMs` of the connector, which the container's time to stop is held against: at most 110,000. Default 30,000. */
  readonly stopDeadlineMs?: number;
  /** `maxReadAheadBytes` of the connector, which the memory is held against. Default 256 MiB. */
  readonly maxReadAheadBytes?: number;
  /** CPU units of a task: a vCPU is 1,024. Default 1,024. */
  readonly cpu?: number;
  /** Memory of a task, in MiB: `maxReadAheadBytes` and 300 MiB at least. Default 2,048. */
  readonly memoryMiB?: number;
  /** The port of the admin server, whose `/livez` is asked. Default 9464. */
  readonly adminPort?: number;
  /** Variables of the container's environment. Default: none. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Variables whose values are secrets; the role that starts the tasks may read them. Default: none. */
  readonly secrets?: Readonly<Record<string, Secret>>;
  /** What the task may do besides: `rightsFrom` the policies of the destination and of dead letters. Default: nothing. */
  readonly rights?: readonly PolicyStatement[];
  /** All else that `FargateService` takes, such as subnets. */
  readonly serviceOptions?: Partial<Omit<FargateServiceProps, "cluster" | "taskDefinition" | "desiredCount">>;
}

const NAMES: OptionNames<KinesisConnectorServiceProps> = {
  application: "required",
  stream: "required",
  cluster: "required",
  image: "required",
  scaling: { minTasks: true, maxTasks: "required", deliveryLagS: true },
  fanOut: true,
  leaseTable: true,
  stopDeadlineMs: true,
  maxReadAheadBytes: true,
  cpu: true,
  memoryMiB: true,
  adminPort: true,
  environment: true,
  secrets: true,
  rights: true,
  serviceOptions: true,
};

const MIB = 1024 * 1024;
const SPOOL = "spool";

/**
 * A connector on Fargate: tasks that share the stream's shards by the lease table, with the time to stop that they need, a read-only root beside `/spool`, and a health check that asks
 * whether the process lives and never how far behind it is. Their number follows the delivery lag, which the connector writes as metrics into its log: `telemetry: { perShard: false, emf: true }`.
 *
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the property and what it takes
 */
export class KinesisConnectorService extends Construct {
  /** The service. */
  readonly service: FargateService;
  /** Its tasks; `taskDefinition.taskRole` has the rights. */
  readonly taskDefinition: FargateTaskDefinition;
  /** The connector's container. */
  readonly container: ContainerDefinition;

  constructor(scope: Construct, id: string, props: KinesisConnectorServiceProps) {
    checkOptions("KinesisConnectorService", props, NAMES);
    const application = nonEmptyText("application", props.application);
    const scaling = checkedScaling(props.scaling);
    const memoryLimitMiB = memoryOf(props);
    requireTimeToStop(props.stopDeadlineMs ?? 30_000);
    const port = wholeNumber("adminPort", props.adminPort ?? 9464, { min: 1, max: 65_535 });
    super(scope, id);
    const { stream } = props;
    this.taskDefinition = new FargateTaskDefinition(this, "Task", {
      cpu: props.cpu ?? 1_024,
      memoryLimitMiB,
    });
    const statements = [
      ...streamRights(READ_POLICY, stream),
      ...leaseRights(application, props.leaseTable ?? application),
      ...(props.fanOut === true ? streamRights(FAN_OUT_POLICY, stream) : []),
      ...(props.rights ?? []),
    ];
    for (const statement of statements) this.taskDefinition.addToTaskRolePolicy(statement);
    this.taskDefinition.addVolume({ name: SPOOL });
    this.container = this.taskDefinition.addContainer("Connector", {
      image: props.image,
      essential: true,
      readonlyRootFilesystem: true,
      // It ends as soon as the connector does: the longest that there is costs nothing.
      stopTimeout: Duration.seconds(MAX_STOP_TIMEOUT_S),
      environment: { ...props.environment },
      secrets: { ...props.secrets },
      logging: LogDrivers.awsLogs({ streamPrefix: application }),
      healthCheck: {
        command: ["CMD", "node", "-e", livenessCheck(port)],
        interval: Duration.seconds(15),
        timeout: Duration.seconds(10),
        retries: 4,
        startPeriod: Duration.seconds(120),
      },
    });
    this.container.addMountPoints({ containerPath: `/${SPOOL}`, sourceVolume: SPOOL, readOnly: false });
    this.service = new FargateService(this, "Service", {
      // Nobody is without a worker while tasks are replaced, and a version that does not start is taken back.
      minHealthyPercent: 100,
      maxHealthyPercent: 200,
      circuitBreaker: { rollback: true },
      ...props.serviceOptions,
      cluster: props.cluster,
      taskDefinition: this.taskDefinition,
      desiredCount: scaling.minTasks,
    });
    scaleOnDeliveryLag(this.service, application, stream.streamName, scaling);
  }
}

/** The two tables of a worker: its leases, and that in which KCL workers may keep what the fleet does, which is named by the application. */
function leaseRights(application: string, leaseTable: string): PolicyStatement[] {
  const ofFleet = "LookWhetherKclWorkersKeepStateThere";
  const sids = LEASES_POLICY.Statement.map(({ Sid }) => Sid);
  return [
    ...rightsFrom(LEASES_POLICY, { names: { APPLICATION: leaseTable }, without: [ofFleet] }),
    ...rightsFrom(LEASES_POLICY, {
      names: { APPLICATION: application },
      without: sids.filter((sid) => sid !== ofFleet),
    }),
  ];
}

function memoryOf(props: KinesisConnectorServiceProps): number {
  const maxReadAheadBytes = wholeNumber("maxReadAheadBytes", props.maxReadAheadBytes ?? 256 * MIB, {
    min: 1,
  });
  const least = Math.ceil(maxReadAheadBytes / MIB) + MEMORY_MARGIN_MIB;
  const memoryMiB = wholeNumber("memoryMiB", props.memoryMiB ?? 2_048, { min: 1 });
  if (memoryMiB >= least) return memoryMiB;
  throw invalidOption(
    `memoryMiB must be ${least} at least: maxReadAheadBytes and ${MEMORY_MARGIN_MIB} MiB; give more, or a lower maxReadAheadBytes here and in the connector`,
  );
}

function requireTimeToStop(stopDeadlineMs: number): void {
  wholeNumber("stopDeadlineMs", stopDeadlineMs, { min: 1 });
  const most = (MAX_STOP_TIMEOUT_S - STOP_MARGIN_S) * 1_000;
  if (stopDeadlineMs > most)
    throw invalidOption(
      `stopDeadlineMs must be ${most} at most on Fargate, which ends a task ${MAX_STOP_TIMEOUT_S} s after SIGTERM: give the connector less`,
    );
}

/** Exit status 0 while the process lives: lag and a destination that is down are no reason to end it. */
function livenessCheck(port: number): string {
  return `fetch("http://127.0.0.1:${port}/livez").then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))`;
}
