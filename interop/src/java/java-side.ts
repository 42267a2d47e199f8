import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { CACHE, JVM, present, run, SOURCES, writeClassPath } from "./maven.js";

/** The versions of the KCL that runs are made with, of Maven Central. */
export const KCL_VERSIONS = ["2.7.2", "3.5.1"] as const;

export type KclVersion = (typeof KCL_VERSIONS)[number];

/** The Java worker, compiled against one version of the KCL. */
export interface JavaSide {
  readonly version: KclVersion;
  readonly command: { readonly program: string; readonly args: readonly string[] };
}

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
    await writeClassPath("amazon-kinesis-client", version, join(made, "class-path.txt"));
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
