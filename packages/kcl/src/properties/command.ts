import { parseArgs } from "node:util";
import { KinesisConnectorError, momentOfText } from "@kinesis-connectors/core";
import { propertiesFile } from "./properties.js";

const USAGE = `kinesis-connectors-kcl properties --application NAME --stream NAME --command COMMAND [options]
Prints a properties file for the MultiLangDaemon of the KCL, which then starts COMMAND for each shard.
  --application NAME         names the daemon's lease table, and with -journal behind it the one of the children
  --stream NAME              the stream
  --command COMMAND          starts a child, such as "node child.js"; the daemon splits it at spaces
  --region REGION            default: where the AWS SDK for Java looks for it
  --initial-position WHERE   TRIM_HORIZON (default), or a moment such as 2026-11-29T03:00Z
`;

/** What a command has printed, and how it ends. */
export interface Printed {
  readonly out: string;
  readonly err: string;
  readonly exitCode: number;
}

/** The command `kinesis-connectors-kcl` with its arguments. */
export function runCommand(args: readonly string[]): Printed {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        application: { type: "string" },
        stream: { type: "string" },
        command: { type: "string" },
        region: { type: "string" },
        "initial-position": { type: "string", default: "TRIM_HORIZON" },
        help: { type: "boolean", default: false },
      },
    });
    if (values.help) return { out: USAGE, err: "", exitCode: 0 };
    const [command, ...others] = positionals;
    if (command !== "properties" || others.length > 0) throw new Error("the one command is: properties");
    const file = propertiesFile({
      application: given("application", values.application),
      stream: given("stream", values.stream),
      command: given("command", values.command),
      region: values.region,
      initialPosition: positionOf(values["initial-position"]),
    });
    return { out: file, err: "", exitCode: 0 };
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : "failed";
    const usage = KinesisConnectorError.isInstance(thrown) ? "" : `\n${USAGE}`;
    return { out: "", err: `${message}\n${usage}`, exitCode: 2 };
  }
}

function given(flag: string, value: string | undefined): string {
  if (value === undefined || value.trim() === "") throw new Error(`--${flag} is missing`);
  return value;
}

function positionOf(text: string): "TRIM_HORIZON" | number {
  if (text === "TRIM_HORIZON") return text;
  const ms = momentOfText(text);
  if (ms === undefined || ms < 0)
    throw new Error(
      `--initial-position takes TRIM_HORIZON or a moment such as 2026-11-29T03:00Z, but got ${text.slice(0, 100)}`,
    );
  return ms;
}
