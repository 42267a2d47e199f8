import { checkOptions, type OptionNames } from "@kinesis-connectors/core";
import { nearestNames } from "@kinesis-connectors/core/config";
import { addressOf } from "./endpoints.js";
import { GONE } from "./gone-keys.js";
import { parseProperties } from "./parse-properties.js";
import { Properties } from "./properties.js";
import { KNOWN_KEYS, partsOf, type Stage } from "./java-destinations.js";
import { writeYaml, type YamlMapping } from "./write-yaml.js";

/** Options of `fromProperties`. */
export interface FromPropertiesOptions {
  /** The columns of a Redshift table, in order: Java has them in its transformer. Default: rows are loaded as JSON, by the names of their fields. */
  readonly columns?: readonly string[];
}

const NAMES: OptionNames<FromPropertiesOptions> = { columns: true };

/** A file of YAML. */
export interface YamlFile {
  /** What it may be called. */
  readonly name: string;
  readonly yaml: string;
}

/** What became of a file of the Java connectors. */
export interface FromProperties {
  /** The connector. Where Java started two from one file (S3 manifest, and Redshift behind it), the first one. */
  readonly yaml: string;
  /** All connectors that it was. */
  readonly files: readonly YamlFile[];
  /** What was left out or means something else, a sentence each, beginning with its key. No values: some are secrets. */
  readonly notes: readonly string[];
}

/** Java's own default, which fleets that go on beside this worker have. */
const JAVA_FAILOVER_TIME_MS = 30_000;
const MIN_IDLE_POLL_MS = 200;
/** `Long.MAX_VALUE`, by which Java says that there is no such threshold. */
const FOREVER = 9_007_199_254_740_991;

/**
 * Turns a `.properties` file of the Java connectors (`KinesisConnectorConfiguration` of amazon-kinesis-connectors 1.3) into files of this project, key by
 * key. Transformers and filters are code there; the connector that comes out reads JSON.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`
 */
export function fromProperties(text: string, options: FromPropertiesOptions = {}): FromProperties {
  checkOptions("fromProperties", options, NAMES);
  const { columns } = options;
  const properties = new Properties(parseProperties(text));
  const application = properties.text("appName") ?? "KinesisConnector";
  const region = properties.text("regionName");
  const stages = partsOf(properties, { region, application, columns });
  const common = commonOf(properties, region);
  const telemetry = telemetryOf(properties);
  const files = stages.map((stage) => ({
    name: `${stage.application}.yaml`,
    yaml: writeYaml(fileOf(stage, common, telemetry)),
  }));
  noteTheRest(properties);
  const [first] = files;
  return { yaml: first?.yaml ?? "", files, notes: properties.notes };
}

interface Common {
  readonly source: YamlMapping;
  readonly leases: YamlMapping;
  readonly buffer: YamlMapping;
  readonly retry: YamlMapping;
  readonly workerId: string | undefined;
}

function fileOf(
  stage: Stage,
  { source, leases, buffer, retry, workerId }: Common,
  telemetry: YamlMapping | undefined,
): YamlMapping {
  const { application, stream, transform, parts } = stage;
  return {
    version: 1,
    application,
    workerId,
    source: { stream, ...source },
    leases,
    transform,
    buffer,
    retry,
    ...parts,
    telemetry,
  };
}

function commonOf(properties: Properties, region: string | undefined): Common {
  const kinesis = addressOf(properties, "kinesisEndpoint");
  const initialPosition = properties.text("initialPositionInStream");
  if (initialPosition !== undefined && initialPosition !== "TRIM_HORIZON" && initialPosition !== "LATEST")
    properties.note("initialPositionInStream", "is neither TRIM_HORIZON nor LATEST, and was left out");
  const isKnownPosition = initialPosition === "TRIM_HORIZON" || initialPosition === "LATEST";
  if (region === undefined && kinesis?.region === undefined)
    properties.note(
      "regionName",
      "is not there, and Java took us-east-1: here it comes from where the AWS SDK looks for it",
    );
  return {
    workerId: properties.text("workerID"),
    source: {
      // Java's clients follow an endpoint, whatever the region says.
      region: kinesis?.region ?? region,
      endpoints: kinesis?.endpoint === undefined ? undefined : { kinesis: kinesis.endpoint },
      initialPosition: isKnownPosition ? initialPosition : undefined,
      retrieval: retrievalOf(properties),
    },
    leases: {
      failoverTimeMs: properties.number("failoverTime") ?? JAVA_FAILOVER_TIME_MS,
      parentPollMs: properties.number("parentShardPollInterval"),
      auditPeriodMs: properties.number("shardSyncInterval"),
    },
    buffer: bufferOf(properties),
    retry: retryOf(properties),
  };
}

function retrievalOf(properties: Properties): YamlMapping | undefined {
  const maxRecordsPerRead = properties.number("maxRecords");
  const idleMs = properties.number("idleTimeBetweenReads", 0);
  if (maxRecordsPerRead === undefined && idleMs === undefined) return undefined;
  if (idleMs !== undefined && idleMs < MIN_IDLE_POLL_MS)
    properties.note(
      "idleTimeBetweenReads",
      `is ${MIN_IDLE_POLL_MS} ms now, the least: the service allows 5 reads per second and shard`,
    );
  if (maxRecordsPerRead !== undefined && maxRecordsPerRead > 10_000)
    properties.note("maxRecords", "is 10,000 now, the most that the service gives");
  return {
    type: "polling",
    idlePollMs: idleMs === undefined ? undefined : Math.max(MIN_IDLE_POLL_MS, idleMs),
    maxRecordsPerRead: maxRecordsPerRead === undefined ? undefined : Math.min(10_000, maxRecordsPerRead),
  };
}

function bufferOf(properties: Properties): YamlMapping {
  const threshold = (key: string): number | undefined => {
    const value = properties.number(key);
    if (value === undefined || value < FOREVER) return value;
    properties.note(
      key,
      "has no limit in Java, and has the default here: all three thresholds are always on",
    );
    return undefined;
  };
  return {
    maxRecords: threshold("bufferRecordCountLimit"),
    maxBytes: threshold("bufferByteSizeLimit"),
    maxAgeMs: threshold("bufferMillisecondsLimit"),
  };
}

function retryOf(properties: Properties): YamlMapping {
  const limit = properties.number("retryLimit", Number.NEGATIVE_INFINITY);
  const backoffMs = properties.number("backoffInterval");
  if (limit !== undefined)
    properties.note(
      "retryLimit",
      "is retry.maxAttempts: Java then dropped what had failed; here it goes to deadLetters, or stops the shard where there are none",
    );
  return {
    maxAttempts: limit === undefined ? undefined : Math.max(1, limit),
    baseDelayMs: backoffMs,
    maxDelayMs: backoffMs,
  };
}

function telemetryOf(properties: Properties): YamlMapping | undefined {
  const namespace = properties.text("cloudWatchNamespace");
  const periodMs = properties.number("cloudWatchBufferTime");
  if (namespace === undefined && periodMs === undefined) return undefined;
  properties.note(
    namespace === undefined ? "cloudWatchBufferTime" : "cloudWatchNamespace",
    "is under telemetry.emf: metrics are lines on standard output, which the agents of ECS, EKS and EC2 send to CloudWatch",
  );
  return { emf: { names: "kcl", namespace, periodMs } };
}

function noteTheRest(properties: Properties): void {
  const known = [...Object.keys(GONE), ...KNOWN_KEYS];
  for (const key of properties.unused) {
    const reason = GONE[key];
    if (reason !== undefined) properties.note(key, reason);
    else if (KNOWN_KEYS.has(key)) properties.note(key, "was left out: this destination has no use for it");
    else {
      const meant = nearestNames(key, known);
      properties.note(
        key,
        `was left out: it is no key of the Java connectors${meant.length > 0 ? `; did you mean ${meant.join(" or ")}?` : ""}`,
      );
    }
  }
}
