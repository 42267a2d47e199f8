import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { access, mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Missing } from "./oracle.js";

/** Of the command alone, and in no lockfile of ours: removed with node_modules. */
const CACHE = fileURLToPath(new URL("../../../node_modules/.cache/iceberg-oracles/", import.meta.url));
const JAVA = fileURLToPath(new URL("../java/", import.meta.url));

/** Packages of PyPI. The extensions of DuckDB are of one version of it; with them nothing is fetched when it runs. */
const PYTHON_PACKAGES = [
  "pyiceberg[pyarrow,pyiceberg-core]==0.12.0",
  "duckdb==1.5.5",
  "duckdb-extension-iceberg==1.5.5",
  "duckdb-extension-avro==1.5.5",
] as const;

/** The Python that has them, installed into an environment of its own when it is not there yet. */
export async function pythonWithPackages(say: (text: string) => void): Promise<string> {
  const tag = createHash("sha256").update(PYTHON_PACKAGES.join()).digest("hex").slice(0, 12);
  const folder = join(CACHE, `python-${tag}`);
  const python = join(folder, "bin", "python");
  const done = join(folder, "installed");
  if (await exists(done)) return python;
  say("pyiceberg and DuckDB are installed by pip, once ...");
  await rm(folder, { recursive: true, force: true });
  await mkdir(CACHE, { recursive: true });
  await run("python3", ["-m", "venv", folder], "pyiceberg");
  await run(python, ["-m", "pip", "install", "--quiet", ...PYTHON_PACKAGES], "pyiceberg");
  await mkdir(done);
  return python;
}

/** The arguments of `java` for Iceberg's own catalog and reader: jars by Maven, classes by javac, both kept. */
export async function javaArguments(say: (text: string) => void): Promise<readonly string[]> {
  await run("javac", ["-version"], "Iceberg's own Java");
  const built = join(CACHE, `java-${await fingerprint()}`);
  if (!(await exists(built))) {
    say("Iceberg's own Java is fetched by Maven and compiled, once ...");
    const made = `${built}.part`;
    await rm(made, { recursive: true, force: true });
    await mkdir(join(made, "classes"), { recursive: true });
    const pathFile = join(made, "class-path.txt");
    const pom = join(JAVA, "pom.xml");
    const goal = ["dependency:build-classpath", `-Dmdep.outputFile=${pathFile}`];
    await run("mvn", ["--quiet", "--batch-mode", "--file", pom, ...goal], "Iceberg's own Java");
    const jars = (await readFile(pathFile, "utf8")).trim();
    const options = ["-proc:none", "-nowarn", "-d", join(made, "classes"), "-cp", jars];
    await run("javac", [...options, ...(await sources())], "Iceberg's own Java");
    await rename(made, built);
  }
  const jars = (await readFile(join(built, "class-path.txt"), "utf8")).trim();
  return [
    "-Xmx384m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
    "-cp",
    [join(built, "classes"), jars].join(delimiter),
    "oracles.Main",
  ];
}

async function sources(): Promise<readonly string[]> {
  const folder = join(JAVA, "src", "oracles");
  return (await readdir(folder)).toSorted().map((name) => join(folder, name));
}

/** Of everything that the classes are made from. */
async function fingerprint(): Promise<string> {
  const hash = createHash("sha256");
  for (const path of [join(JAVA, "pom.xml"), ...(await sources())]) hash.update(await readFile(path));
  return hash.digest("hex").slice(0, 12);
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}

async function run(command: string, args: readonly string[], name: string): Promise<void> {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-400);
    });
  const code = await new Promise<number | string>((resolve) => {
    child.on("error", (error) => resolve(error.message));
    child.on("close", (exit) => resolve(exit ?? 1));
  });
  if (code === 0) return;
  const reason = said.trim().split("\n").at(-1) ?? "";
  throw new Missing(
    `${name} cannot be had: ${command} ended with ${code}${reason === "" ? "" : ` (${reason})`}`,
  );
}
