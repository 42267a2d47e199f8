import { execFileSync } from "node:child_process";
import type { LocalAws } from "@kinesis-connectors/local";
import { fileURLToPath } from "node:url";

/** The command that prints a properties file, as a user runs it. */
const COMMAND = fileURLToPath(new URL("main.js", import.meta.resolve("@kinesis-connectors/kcl")));

/** The properties file of a run: what the package's own command prints, and what servers on loopback and an impatient run need besides. */
export function propertiesOf({
  application,
  stream,
  command,
  region,
  aws,
}: {
  readonly application: string;
  readonly stream: string;
  readonly command: string;
  readonly region: string;
  readonly aws: LocalAws;
}): string {
  const given = ["--application", application, "--stream", stream, "--command", command, "--region", region];
  const printed = execFileSync(process.execPath, [COMMAND, "properties", ...given], { encoding: "utf8" });
  return [
    printed,
    `kinesisEndpoint = ${aws.endpoints.kinesis}`,
    `dynamoDBEndpoint = ${aws.endpoints.dynamodb}`,
    "retrievalMode = POLLING",
    "metricsLevel = NONE",
    "failoverTimeMillis = 5000",
    "idleTimeBetweenReadsInMillis = 500",
    "maxRecords = 60",
    "parentShardPollIntervalMillis = 1000",
    "clientVersionConfig = CLIENT_VERSION_CONFIG_COMPATIBLE_WITH_2X",
    // They ask the instance's metadata service.
    "disableWorkerMetrics = true",
    "",
  ].join("\n");
}
