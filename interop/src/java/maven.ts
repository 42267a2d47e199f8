import { spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The Java side cannot be had here, in one sentence. */
export class JavaMissing extends Error {
  override readonly name = "JavaMissing";
}

export const SOURCES: string = fileURLToPath(new URL("../../java/", import.meta.url));
export const CACHE: string = fileURLToPath(new URL("../../.cache/", import.meta.url));

export const JVM = [
  "-Xmx256m",
  "-XX:+UseSerialGC",
  "-XX:TieredStopAtLevel=1",
  // The SDK asks the instance's metadata service for nothing here.
  "-Daws.disableEc2Metadata=true",
  "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
  "-Dorg.slf4j.simpleLogger.showDateTime=true",
  "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS",
] as const;

/** Has Maven fetch an artifact of the KCL with all that it needs, and write down where the jars lie. */
export async function writeClassPath(artifact: string, version: string, file: string): Promise<void> {
  await run("mvn", [
    "--quiet",
    "--batch-mode",
    "--file",
    join(SOURCES, "pom.xml"),
    `-Dkcl.artifact=${artifact}`,
    `-Dkcl.version=${version}`,
    "dependency:build-classpath",
    `-Dmdep.outputFile=${file}`,
  ]);
}

/** @throws JavaMissing when the program does not run, in one sentence */
export async function present(program: string, args: readonly string[], name: string): Promise<void> {
  try {
    await run(program, args);
  } catch {
    throw new JavaMissing(
      `${name} is not there (\`${program} ${args.join(" ")}\` fails), and these runs need it to start workers of the Java KCL.`,
    );
  }
}

/** Runs a program to its end; rejects with the last of what it said. */
export async function run(program: string, args: readonly string[]): Promise<void> {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (text: Buffer) => {
      said += text.toString();
    });
  await new Promise<void>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${program} ended with ${code ?? "a signal"}: ${said.trim().slice(-2000)}`));
    });
  });
}
