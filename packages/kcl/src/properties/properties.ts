import { invalidOption, nonEmptyText } from "@kinesis-connectors/core";
import { DEFAULT_STOP_DEADLINE_MS } from "../limits.js";

/** What a properties file is made of. */
export interface DaemonProperties {
  readonly application: string;
  readonly stream: string;
  /** The command that starts a child; the daemon splits it at spaces and knows no quotes (`MultiLangRecordProcessorFactory`). */
  readonly command: string;
  readonly region: string | undefined;
  /** `TRIM_HORIZON`, or the moment at which shards without a checkpoint begin, in epoch milliseconds. */
  readonly initialPosition: "TRIM_HORIZON" | number;
}

/** The daemon is given longer than its children take. */
const GRACE_MS: number = DEFAULT_STOP_DEADLINE_MS + 10_000;

/**
 * A file that the MultiLangDaemon reads (`MultiLangDaemonConfiguration`), with what a child of this package needs in it.
 * @throws KinesisConnectorError `KC_OPTION_INVALID` for what the daemon would take apart otherwise
 */
export function propertiesFile({
  application,
  stream,
  command,
  region,
  initialPosition,
}: DaemonProperties): string {
  if (/["']/.test(command))
    throw invalidOption(
      "command must do without quotes: the daemon splits it at spaces, so none of its parts may have one",
    );
  return [
    "# For the MultiLangDaemon of the KCL (amazon-kinesis-client-multilang 3.x), which starts the command once for each shard:",
    "# java -cp <its jars> software.amazon.kinesis.multilang.MultiLangDaemon --properties-file <this file>",
    property("executableName", nonEmptyText("command", command)),
    property("applicationName", nonEmptyText("application", application)),
    property("streamName", nonEmptyText("stream", stream)),
    ...(region === undefined ? [] : [property("regionName", region)]),
    "# The children find region and credentials by themselves, as the AWS SDK does: set AWS_REGION for the daemon, and they have it too.",
    property("AwsCredentialsProvider", "DefaultCredentialsProvider"),
    "",
    "# Where shards begin that were never read. LATEST loses records when the daemon ends before its first checkpoint, and is refused.",
    initialPosition === "TRIM_HORIZON"
      ? property("initialPositionInStream", initialPosition)
      : property("initialPositionInStreamExtended", String(Math.floor(initialPosition / 1_000))),
    "",
    "# A batch that is flushed by its age is known to the daemon with its next call, which comes on a quiet shard only if this is true.",
    property("callProcessRecordsEvenForEmptyRecordList", "true"),
    "# Without it a daemon that is stopped says nothing to its children; with it they are asked to finish what they have read.",
    property("shutdownGraceMillis", String(GRACE_MS)),
    property("processingLanguage", "nodejs"),
    "",
  ].join("\n");
}

/** A line of `java.util.Properties`: ISO 8859-1, with a backslash before what would mean something else. */
function property(key: string, value: string): string {
  const escaped = value
    .replaceAll("\\", String.raw`\\`)
    .replaceAll("\n", String.raw`\n`)
    .replaceAll("\r", String.raw`\r`)
    .replaceAll("\t", String.raw`\t`)
    .replaceAll(
      /[^\u0020-\u007e]/g,
      (letter) => `${String.raw`\u`}${(letter.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`,
    );
  return `${key} = ${escaped}`;
}
