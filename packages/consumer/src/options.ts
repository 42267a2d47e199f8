import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { KinesisClient } from "@aws-sdk/client-kinesis";
import type { ProxyOption } from "@kinesis-connectors/aws";
import type { Clock, Logger, Pipeline, Random } from "@kinesis-connectors/core";
import type { WireFormat } from "@kinesis-connectors/wire/protocol";
import type { FanOut } from "./reading/fan-out-consumer.js";
import type { ConnectorEvent } from "./events.js";
import type { AwsClientOptions } from "./kinesis/clients/client-options.js";
import type { KinesisApi } from "./kinesis/kinesis-api.js";
import type { LeaseTable } from "@kinesis-connectors/leases";
import type { MeasureCpu } from "./worker/fleet3/cpu/measure-cpu.js";
import type { LeaseOptions } from "./worker/lease-settings.js";
import type { PipelineModule } from "./engines/pipeline-module.js";
import type { Polling } from "./reading/polling-reader.js";

/**
 * Keys, or what fetches them, as the AWS SDK takes both.
 * @inline
 */
export type Credentials = NonNullable<AwsClientOptions["credentials"]>;

/** Options of `startConnector`. */
export interface ConnectorOptions<Model, Output, Plan = undefined, DeadLetterPlan = undefined> {
  /**
   * Names what belongs together: all workers of the same application share the shards and the lease table, and two applications read
   * the same stream independently. 3 to 255 letters, digits, `_`, `.` or `-` where it names the lease table in DynamoDB too.
   */
  readonly application: string;
  /** The stream's name. Give this or `streamArn`. */
  readonly stream?: string;
  /** The stream's ARN, also of another account. Give this or `stream`. */
  readonly streamArn?: string;
  /** The pipeline, as `definePipeline` returned it; or a module that has it as its default export, as `new URL("./pipeline.js", import.meta.url)`. */
  readonly pipeline: Pipeline<Model, Output, Plan, DeadLetterPlan> | PipelineModule;
  /**
   * Runs the pipelines of the shards in so many worker threads, 1 to 64, each shard in one of them; `pipeline` then names a module, which
   * each thread imports for itself: its own emitters, connections and share of `maxReadAheadBytes`. Leases and checkpoints stay in this
   * thread. Not together with `clients.kinesis`, `kinesisApi`, `clock` or `random`. Default: everything in this thread.
   */
  readonly threads?: number;
  /** The position at which shards without a checkpoint begin. Default `TRIM_HORIZON`: the oldest record that the stream still keeps. */
  readonly initialPosition?: "TRIM_HORIZON" | "LATEST" | { readonly at: Date };
  /**
   * Reads what arrived before `at`, and ends: records of that moment and later are left out, `done` resolves once all shards have come so far, and every row
   * then says SHARD_END. Where a shard goes on, its end is sure only five minutes past `at`, because arrival times need not rise. For an application of its
   * own: its rows are refused with another `until`, and without one. Killed and started again with the same, it goes on. Default: reads on and on.
   */
  readonly until?: { readonly at: Date };
  /** `polling()` (default) or `fanOut()`. */
  readonly retrieval?: Polling | FanOut;
  /** Default: where the AWS SDK looks for it, or the region of `streamArn`. */
  readonly region?: string;
  /** Other endpoints than AWS's own: `https:`, or anything on this machine. Default: AWS_ENDPOINT_URL*, or the profile's, by the same rule. */
  readonly endpoints?: { readonly kinesis?: string; readonly dynamodb?: string };
  /** Lets endpoints be `http:` on other machines too, whoever names them: records and signatures then travel in the clear. Default false. */
  readonly allowInsecure?: boolean;
  /**
   * URL of an http or https proxy that all requests to Kinesis and the lease table go through by CONNECT, subscriptions and threads included, with
   * user and password where it asks for them; or false for none, whatever the environment says. Default: HTTPS_PROXY, HTTP_PROXY and NO_PROXY,
   * never for this machine. Destinations have an option `proxy` of their own.
   */
  readonly proxy?: ProxyOption;
  /**
   * The encoding in which records travel. Default `auto`: AWS-CBOR, without base64 and far cheaper to read, until a server answers it with JSON, and JSON
   * from then on. `json` and `cbor` speak one only. Not for a client of one's own.
   */
  readonly wireFormat?: WireFormat;
  /**
   * Default: where the AWS SDK looks for them. `{ kinesis, dynamodb }` where the stream lies in another account than the lease table; what is
   * left out of it comes from where the AWS SDK looks.
   */
  readonly credentials?: Credentials | { readonly kinesis?: Credentials; readonly dynamodb?: Credentials };
  /** Own SDK clients, instead of `region`, `endpoints` and `credentials`. They stay open when the connector stops. */
  readonly clients?: { readonly kinesis?: KinesisClient; readonly dynamodb?: DynamoDBClient };
  /** Another way to Kinesis than the AWS SDK, for simulations. Bound to the stream; closed when the connector stops. */
  readonly kinesisApi?: KinesisApi;
  /** The lease table's name, or a table of one's own. Default: a DynamoDB table named like the application, created when missing. */
  readonly leaseTable?: string | LeaseTable;
  /** Names this process in the lease table. Default: the host's name. A unique part is added at every start. */
  readonly workerId?: string;
  /** How shards are shared among workers, and how fast they change hands. Default: see there. */
  readonly leases?: LeaseOptions;
  /** Most bytes that all shards together keep between reading and committing. Default 256 MiB. */
  readonly maxReadAheadBytes?: number;
  /**
   * Time limit of a graceful stop, in milliseconds; then the rest is left to the next owner. Emitters are closed in what is left of it, and have five seconds in any
   * case (the limit, where it is less); `done` rejects with `KC_STOP_DEADLINE` where one hangs. Default 30,000.
   */
  readonly stopDeadlineMs?: number;
  /** Reaction to records that were gone from the stream before they could be read. Default `stop`. */
  readonly onRetentionGap?: "stop" | "continue";
  /**
   * Called with every event as it happens, before anybody who iterates over the connector sees it: nothing is dropped, and `connector.progress()` counts it
   * already. It is called synchronously, between two steps of the delivery, so it should do little: add up, or put aside. What it throws is caught, and
   * logged once. Events of worker threads come here too. Default: nobody.
   */
  readonly observe?: (event: ConnectorEvent) => void;
  /** Default: the pipeline's. */
  readonly logger?: Logger;
  /** Aborted: a graceful stop. */
  readonly signal?: AbortSignal;
  /** Tells the time and sets timers. Default: the machine's. */
  readonly clock?: Clock;
  /** Decides what chances decide. Default: the machine's. */
  readonly random?: Random;
  /**
   * The use of the CPU since the call before, in percent from 0 to 100; undefined where it is not known, as at the first call. Asked for at each report to the
   * leader of a fleet in KCL 3.x mode, as long as KCL workers of it tell theirs: the leader evens that out. Default: as the KCL measures it on Linux (the
   * container of an ECS task, the cgroup of a Kubernetes pod, else the machine), and nothing elsewhere.
   */
  readonly measureCpu?: MeasureCpu;
}
