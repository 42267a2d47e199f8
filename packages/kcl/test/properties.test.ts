import { describe, expect, test } from "vitest";
import { runCommand } from "../src/properties/command.js";

const given = [
  "properties",
  "--application",
  "clicks",
  "--stream",
  "clicks-stream",
  "--command",
  "node dist/child.js",
];

const withCommand = (command: string): readonly string[] => [...given.slice(0, -1), command];

/** The file as `java.util.Properties` reads it, as far as this file needs. */
function loaded(file: string): ReadonlyMap<string, string> {
  const lines = file.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line) => {
      const [key = "", ...rest] = line.split(" = ");
      const value = rest
        .join(" = ")
        .replaceAll(/\\u([0-9a-f]{4})/g, (_, code: string) => String.fromCodePoint(Number.parseInt(code, 16)))
        .replaceAll(/\\(.)/g, "$1");
      return [key, value];
    }),
  );
}

describe("kinesis-connectors-kcl properties", () => {
  test("prints a file that names the child, and what a child needs of its daemon", () => {
    const { out, err, exitCode } = runCommand([...given, "--region", "eu-central-1"]);
    expect([err, exitCode]).toEqual(["", 0]);
    expect(Object.fromEntries(loaded(out))).toEqual({
      executableName: "node dist/child.js",
      applicationName: "clicks",
      streamName: "clicks-stream",
      regionName: "eu-central-1",
      AwsCredentialsProvider: "DefaultCredentialsProvider",
      initialPositionInStream: "TRIM_HORIZON",
      callProcessRecordsEvenForEmptyRecordList: "true",
      shutdownGraceMillis: "40000",
      processingLanguage: "nodejs",
    });
  });

  test("gives a moment to begin at in seconds, as the daemon takes it", () => {
    const { out } = runCommand([...given, "--initial-position", "2026-11-29T03:00:00Z"]);
    expect(loaded(out).get("initialPositionInStreamExtended")).toBe(
      String(Date.UTC(2026, 10, 29, 3) / 1_000),
    );
    expect(loaded(out).has("initialPositionInStream")).toBe(false);
  });

  test("escapes what a properties file would take for something else", () => {
    const args = withCommand(String.raw`C:\node\node.exe pürée.js`);
    const { out } = runCommand(args);
    expect(out).toMatch(/^[\n\u0020-\u007e]*$/);
    expect(loaded(out).get("executableName")).toBe(String.raw`C:\node\node.exe pürée.js`);
  });

  test.each([
    ["LATEST", [...given, "--initial-position", "LATEST"], "TRIM_HORIZON or a moment"],
    [
      "a time without a zone",
      [...given, "--initial-position", "2026-11-29T03:00"],
      "TRIM_HORIZON or a moment",
    ],
    ["a day that there is not", [...given, "--initial-position", "2026-02-30"], "TRIM_HORIZON or a moment"],
    ["a command with quotes", withCommand('node "my child.js"'), "without quotes"],
    ["no command", given.slice(0, -2), "--command is missing"],
    ["another command", ["start"], "the one command is: properties"],
    ["a flag that there is none of", [...given, "--regoin", "x"], "regoin"],
  ])("refuses %s, and says what it takes", (_, args, said) => {
    const { out, err, exitCode } = runCommand(args);
    expect([out, exitCode]).toEqual(["", 2]);
    expect(err).toContain(said);
  });

  test("has help", () => {
    expect(runCommand(["--help"])).toMatchObject({ exitCode: 0, err: "" });
  });
});
