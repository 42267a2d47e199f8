// The container that deploy/docker/Dockerfile describes, without Docker: as user 1000 and with a read-only root where this machine allows that.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePorts, isFree } from "./ports.mjs";
import { run, start, stopGroup } from "../processes.mjs";
import { interpret, UID } from "./recipe.mjs";
import { check, pass, skip } from "./tally.mjs";

const SOURCES = fileURLToPath(new URL("../../deploy/docker", import.meta.url));

/** The instructions of the recipe, one after the other, in a folder of its own. */
export async function runContainer(folder, work, { local, environment }) {
  const recipe = readFileSync(join(SOURCES, "Dockerfile"), "utf8").replaceAll(/\\\n/g, " ");
  const ignored = readFileSync(join(SOURCES, ".dockerignore"), "utf8").split("\n");
  const image = join(work, "image");
  const built = interpret({ recipe, ignored }, folder, image);
  check(built.user === `${UID}:${UID}`, "the recipe does not run as user 1000");
  const isRoot = process.getuid?.() === 0;
  if (!isRoot) skip("user 1000 (this is no root that could become it)");
  const spool = join(image, "spool");
  const readOnly = isRoot && spawnSync("unshare", ["-m", "true"]).status === 0;
  if (!readOnly) skip("a read-only root (unshare -m is not allowed)");
  // The health check of the recipe has no flags: it asks the default port.
  const isTaken = !(await isFree(9464));
  const port = isTaken ? await freePorts(1) : 9464;
  if (isTaken) skip("the health check on its default port (9464 is in use here: another was asked by --url)");
  const env = {
    ...environment,
    ADMIN_PORT: String(port),
    NODE_ENV: "production",
    PATH: `${join(image, "app/node_modules/.bin")}:${process.env.PATH}`,
    TMPDIR: spool,
    HOME: "/nonexistent",
  };
  const inside = (command) => {
    if (!isRoot) return [command[0], command.slice(1)];
    const asUser = [
      "setpriv",
      `--reuid=${UID}`,
      `--regid=${UID}`,
      "--clear-groups",
      "--no-new-privs",
      ...command,
    ];
    if (!readOnly) return [asUser[0], asUser.slice(1)];
    const mounts = `mount --make-rprivate / && mount --bind '${spool}' '${spool}' && mount -o remount,bind,ro / && exec "$@"`;
    return ["unshare", ["-m", "sh", "-c", mounts, "sh", ...asUser]];
  };
  const app = join(image, "app");
  const probe = inside([
    "sh",
    "-c",
    `id -u; touch '${app}/x' 2>/dev/null && echo writable; touch '${spool}/x' && echo spool`,
  ]);
  const probed = run(probe[0], probe[1], { cwd: app, env }).stdout.trim().split("\n");
  if (isRoot)
    check(
      probed[0] === String(UID) && !probed.includes("writable"),
      `the container can write its root: ${probed.join(" ")}`,
    );
  check(probed.includes("spool"), "the container cannot write /spool");

  const [program, args] = inside([...built.entrypoint, ...built.command]);
  const main = start(program, args, { cwd: app, env });
  const [healthProgram, healthArgs] = inside([
    ...built.health,
    ...(isTaken ? ["--url", `http://127.0.0.1:${port}`] : []),
  ]);
  await main.until(
    () => run(healthProgram, healthArgs, { cwd: app, env, mayFail: true }).code === 0,
    "the health check does not become well",
  );
  pass();
  const before = performance.now();
  main.child.kill("SIGTERM");
  const code = await main.done;
  check(code === 0, `SIGTERM ended the container with ${code}: ${main.stderr().slice(-2_000)}`);
  check(performance.now() - before < 30_000, "SIGTERM took longer than stopDeadlineMs");
  check(
    run(healthProgram, healthArgs, { cwd: app, env, mayFail: true }).code === 4,
    "the health check stays well without a process",
  );
  skip("docker build itself, and the base image (there is no Docker here)");
  stopGroup(local.child, "SIGTERM");
  await local.done;
}
