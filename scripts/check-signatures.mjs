// Whether the registry has signed what the lockfile names: npm run check:signatures. Nothing needs to be installed. Where nothing was looked at, nothing is known,
// and the tool that asks does not call that a failure.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/**
 * What is wrong with what the tool said; undefined where it looked at packages, and was content.
 * @param {{ readonly status: number | null, readonly output: string }} run
 * @returns {string | undefined}
 */
export function signatureProblem({ status, output }) {
  if (status !== 0) return "signatures are missing or wrong: see the lines above";
  const audited = Number(/^audited (\d+) packages?/m.exec(output)?.[1] ?? 0);
  return audited > 0
    ? undefined
    : "not a single signature was looked at: the registry that npm is set up with has no keys, or no signatures";
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { status, stdout, stderr } = spawnSync("npx", ["-y", "pnpm@12.21.0", "audit", "signatures"], {
    cwd: fileURLToPath(new URL("..", import.meta.url)),
    encoding: "utf8",
  });
  const output = `${stdout}${stderr}`;
  process.stdout.write(output);
  const problem = signatureProblem({ status, output });
  if (problem !== undefined) {
    process.stderr.write(`${problem}\n`);
    process.exit(1);
  }
}
