import { spawn } from "node:child_process";
import { access, mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";

/** Of the command alone, and in no lockfile of ours: removed with node_modules. */
const CACHE = fileURLToPath(new URL("../../../node_modules/.cache/emulators/", import.meta.url));

/** What an emulator comes as: a package of npm with a program in it, or one of PyPI with a command. */
export type Package =
  | { readonly from: "npm"; readonly name: string; readonly version: string; readonly program: string }
  | { readonly from: "pypi"; readonly name: string; readonly version: string; readonly command: string };

/** An emulator that cannot be had here, in one sentence. */
export class Missing extends Error {}

/** The program of an emulator, installed into a folder of its own when it is not there yet. */
export async function installed(wanted: Package): Promise<string> {
  const folder = `${CACHE}${wanted.name.replaceAll(/\W+/g, "-")}-${wanted.version}/`;
  const program =
    wanted.from === "npm" ? `${folder}node_modules/${wanted.program}` : `${folder}bin/${wanted.command}`;
  if (await exists(program)) return program;
  await mkdir(folder, { recursive: true });
  if (wanted.from === "npm") {
    // The program itself, whatever scripts the package brings along.
    const options = ["--prefix", folder, "--no-save", "--no-audit", "--no-fund", "--ignore-scripts"];
    await run("npm", ["install", ...options, `${wanted.name}@${wanted.version}`], folder, wanted.name);
  } else {
    await run("python3", ["-m", "venv", folder], folder, wanted.name);
    await run(
      `${folder}bin/pip`,
      ["install", "--quiet", `${wanted.name}==${wanted.version}`],
      folder,
      wanted.name,
    );
  }
  if (await exists(program)) return program;
  throw new Missing(`${wanted.name} ${wanted.version} was installed, but its program is missing: ${program}`);
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}

async function run(command: string, args: readonly string[], cwd: string, name: string): Promise<void> {
  const child = spawn(command, args, { cwd, stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-400);
  });
  const code = await new Promise<number | string>((resolve) => {
    child.on("error", (error) => resolve(error.message));
    child.on("close", (exit) => resolve(exit ?? 1));
  });
  if (code === 0) return;
  const reason = said.trim().split("\n").at(-1) ?? "";
  throw new Missing(
    `${name} cannot be installed: ${command} ended with ${code}${reason === "" ? "" : ` (${reason})`}`,
  );
}
