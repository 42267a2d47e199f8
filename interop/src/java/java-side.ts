import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The versions of the KCL that runs are made with, of Maven Central. */
export const KCL_VERSIONS = ["2.7.2", "3.5.1"] as const;

export type KclVersion = (typeof KCL_VERSIONS)[number];

/** The Java worker, compiled against one version of the KCL. */
export interface JavaSide {
  readonly version: KclVersion;
  readonly command: { readonly program: string; readonly args: readonly string[] };
}

/** The Java side cannot be had here, in one sentence. */
export class JavaMissing extends Error {
  override readonly name = "JavaMissing";
}

const SOURCES = fileURLToPath(new URL("../../java/", import.meta.url));
const CACHE = fileURLToPath(new URL("../../.cache/", import.meta.url));

const JVM = [
  "-Xmx256m",
  "-XX:+UseSerialGC",
  "-XX:TieredStopAtLevel=1",
  // The SDK asks the instance's metadata service for nothing here.
  "-Daws.disableEc2Metadata=true",
  "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
  "-Dorg.slf4j.simpleLogger.showDateTime=true",
  "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS",
] as const;

/**
 * The Java worker for a version: its jars by Maven, its source by javac, both kept in `.cache`.
 * @throws JavaMissing without Java 17, or without Maven when the jars are not there yet
 */
export async function javaSide(version: KclVersion, say: (text: string) => void): Promise<JavaSide> {
  await present("javac", ["-version"], "Java 17 or later");
  const built = join(CACHE, `${version}-${await fingerprint()}`);
  const classes = join(built, "classes");
  const classPathFile = join(built, "class-path.txt");
  if (!existsSync(built)) {
    await present("mvn", ["--version"], "Maven");
    say(`KCL ${version} is fetched by Maven and the Java worker compiled, once ...`);
    // Made beside its place and moved there when it is whole.
    const made = `${built}.part`;
    await rm(made, { recursive: true, force: true });
    await mkdir(join(made, "classes"), { recursive: true });
    await run("mvn", [
      "--quiet",
      "--batch-mode",
      "--file",
      join(SOURCES, "pom.xml"),
      `-Dkcl.version=${version}`,
      "dependency:build-classpath",
      `-Dmdep.outputFile=${join(made, "class-path.txt")}`,
    ]);
    const classPath = await readFile(join(made, "class-path.txt"), "utf8");
    const sources = (await sourceFiles()).map((name) => join(SOURCES, "src", "interop", name));
    await run("javac", [
      "-proc:none",
      "-nowarn",
      "-d",
      join(made, "classes"),
      "-cp",
      classPath.trim(),
      ...sources,
    ]);
    await rename(made, built);
  }
  const classPath = (await readFile(classPathFile, "utf8")).trim();
  return {
    version,
    command: {
      program: "java",
      args: [...JVM, "-cp", [classes, classPath].join(delimiter), "interop.Worker"],
    },
  };
}

async function sourceFiles(): Promise<readonly string[]> {
  return (await readdir(join(SOURCES, "src", "interop"))).toSorted();
}

/** Of everything that the build is made from. */
async function fingerprint(): Promise<string> {
  const hash = createHash("sha256").update(await readFile(join(SOURCES, "pom.xml")));
  for (const name of await sourceFiles()) hash.update(await readFile(join(SOURCES, "src", "interop", name)));
  return hash.digest("hex").slice(0, 12);
}

async function present(program: string, args: readonly string[], name: string): Promise<void> {
  try {
    await run(program, args);
  } catch {
    throw new JavaMissing(
      `${name} is not there (\`${program} ${args.join(" ")}\` fails), and these runs need it to start workers of the Java KCL.`,
    );
  }
}

async function run(program: string, args: readonly string[]): Promise<void> {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (text: Buffer) => {
      said += text.toString();
    });
  await new Promise<void>((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${program} ended with ${code ?? "a signal"}: ${said.trim().slice(-2000)}`));
    });
  });
}
