import { existsSync } from "node:fs";
import { mkdir, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { CACHE, JVM, present, writeClassPath } from "./maven.js";

/** The newest MultiLangDaemon on Maven Central that was seen; there is none that goes with KCL 3.5. */
export const DAEMON_VERSION = "3.1.3";

/** How the MultiLangDaemon is started, but for its properties file. */
export interface DaemonSide {
  readonly program: string;
  readonly args: readonly string[];
}

/**
 * The MultiLangDaemon as Maven brings it; where its jars lie is kept in `.cache`.
 * @throws JavaMissing without Java, or without Maven when the jars are not there yet
 */
export async function daemonSide(say: (text: string) => void): Promise<DaemonSide> {
  await present("java", ["-version"], "Java 17 or later");
  const file = join(CACHE, `multilang-${DAEMON_VERSION}.class-path.txt`);
  if (!existsSync(file)) {
    await present("mvn", ["--version"], "Maven");
    say(`the MultiLangDaemon ${DAEMON_VERSION} is fetched by Maven, once ...`);
    await mkdir(CACHE, { recursive: true });
    // Made beside its place and moved there when it is whole.
    await writeClassPath("amazon-kinesis-client-multilang", DAEMON_VERSION, `${file}.part`);
    await rename(`${file}.part`, file);
  }
  const classPath = (await readFile(file, "utf8")).trim();
  return {
    program: "java",
    args: [
      ...JVM,
      // The servers on loopback speak JSON where that is asked for.
      "-Daws.cborEnabled=false",
      "-cp",
      classPath,
      "software.amazon.kinesis.multilang.MultiLangDaemon",
      "--properties-file",
    ],
  };
}
