import { execFileSync } from "node:child_process";
import { accessSync, constants, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Where Debian puts servers that are not on everybody's path; of several versions of PostgreSQL, the newest comes first. */
function places(): readonly string[] {
  const path = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  return [...path, "/usr/sbin", "/usr/local/sbin", ...postgresFolders()];
}

function postgresFolders(): readonly string[] {
  const versions = "/usr/lib/postgresql";
  try {
    return readdirSync(versions)
      .toSorted((a, b) => Number(b) - Number(a))
      .map((version) => join(versions, version, "bin"));
  } catch {
    return [];
  }
}

/** The path of a program; undefined where it is not installed. */
export function binary(name: string): string | undefined {
  for (const folder of places()) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not here.
    }
  }
  return undefined;
}

/** The first number with a dot in what a program says of its version. */
export function versionOf(path: string): string {
  const said = execFileSync(path, ["--version"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  return /\d+(?:\.\d+)+/.exec(said)?.[0] ?? "of an unknown version";
}

/** Whom a server runs as. */
export interface RunAs {
  readonly uid?: number;
  readonly gid?: number;
}

/** PostgreSQL and MariaDB refuse to run as root: the user of their package, or nobody. Whoever is not root stays who he is. */
export function runAs(...names: readonly string[]): RunAs {
  if (process.getuid?.() !== 0) return {};
  for (const name of [...names, "nobody"]) {
    const ids = ["-u", "-g"].map((flag) => idOf(flag, name));
    const [uid, gid] = ids;
    if (uid !== undefined && gid !== undefined) return { uid, gid };
  }
  return {};
}

function idOf(flag: string, name: string): number | undefined {
  try {
    return Number(
      execFileSync("id", [flag, name], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }),
    );
  } catch {
    return undefined;
  }
}
