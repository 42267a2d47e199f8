import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { PeerPrograms } from "./run-peer.js";
import type { PeerProgram } from "../rows/variant.js";

const SOURCES = fileURLToPath(new URL("../../peers/", import.meta.url));

/** How a peer becomes a program. */
interface Build {
  /** For people, with the version that is measured. */
  readonly label: string;
  /** Tools that it takes, each with what shows that it is there. */
  readonly needs: readonly (readonly string[])[];
  /** Commands that build it into a folder. */
  readonly steps: (to: string) => readonly (readonly string[])[];
  readonly program: (to: string) => readonly string[];
}

const BUILDS: Readonly<Record<PeerProgram["peer"], Build>> = {
  "kinesis-consumer": {
    label: "Go's kinesis-consumer 0.5.0",
    needs: [["go", "version"]],
    steps: (to) => [["go", "build", "-o", join(to, "kinesis-consumer"), "."]],
    program: (to) => [join(to, "kinesis-consumer")],
  },
  kcl: {
    label: "the Java KCL 3.5.1",
    needs: [
      ["mvn", "--version"],
      ["javac", "-version"],
    ],
    steps: (to) => [
      ["mvn", "-q", "-B", "dependency:copy-dependencies", `-DoutputDirectory=${join(to, "lib")}`],
      [
        "javac",
        "-proc:none",
        "-cp",
        join(to, "lib", "*"),
        "-d",
        join(to, "classes"),
        join("src", "Main.java"),
      ],
    ],
    program: (to) => [
      "java",
      "-Xmx1g",
      "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
      "-cp",
      [join(to, "lib", "*"), join(to, "classes")].join(delimiter),
      "Main",
    ],
  },
};

/**
 * Builds the peers of other languages, each once for its sources, below the user's cache folder; Go and Maven keep what they fetch where they always
 * do. A peer that cannot be built is left out, and a sentence says why.
 */
export function buildPeers(say: (sentence: string) => void): PeerPrograms {
  const programs: Map<PeerProgram["peer"], { label: string; line: readonly string[] }> = new Map();
  for (const [peer, build] of entriesOf(BUILDS)) {
    const missing = build.needs.find(([command = "", ...given]) => spawnSync(command, given).status !== 0);
    if (missing !== undefined) {
      say(`${build.label} is left out: there is no ${missing[0]} here.`);
      continue;
    }
    const from = join(SOURCES, peer);
    const to = join(cacheFolder(), `${peer}-${hashOf(from)}`);
    const failure = existsSync(to) ? undefined : built(build, from, to, say);
    if (failure === undefined) programs.set(peer, { label: build.label, line: build.program(to) });
    else say(`${build.label} is left out: ${failure}`);
  }
  return programs;
}

/** Builds beside its place, so that what stands there is whole. Returns what failed. */
function built(build: Build, from: string, to: string, say: (sentence: string) => void): string | undefined {
  say(`building ${build.label} ...`);
  const unfinished = `${to}-${process.pid}`;
  mkdirSync(unfinished, { recursive: true });
  for (const [command = "", ...given] of build.steps(unfinished)) {
    const { status, stderr, stdout } = spawnSync(command, given, {
      cwd: from,
      encoding: "utf8",
      // The Go that is here, and no other one that it would fetch for itself.
      env: { ...process.env, GOTOOLCHAIN: "local", GOFLAGS: "-mod=readonly -buildvcs=false" },
    });
    if (status === 0) continue;
    rmSync(unfinished, { recursive: true, force: true });
    return `${command} ${given[0]} failed: ${`${stderr}${stdout}`.trim().split("\n")[0]}`;
  }
  // Another run may have been quicker.
  if (existsSync(to)) rmSync(unfinished, { recursive: true, force: true });
  else renameSync(unfinished, to);
  return undefined;
}

function cacheFolder(): string {
  return join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "kinesis-connectors-bench");
}

/** Of all sources: what was built of others is not taken for it. */
function hashOf(folder: string): string {
  const hash = createHash("sha256");
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  for (const name of names.toSorted()) hash.update(name.slice(folder.length)).update(readFileSync(name));
  return hash.digest("hex").slice(0, 16);
}

function entriesOf<Key extends string, Value>(record: Readonly<Record<Key, Value>>): readonly [Key, Value][] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return Object.entries(record) as [Key, Value][];
}
