// AWS of its own for each run of a connector: the command kinesis-local-aws, installed from the registry as a user would.
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePorts } from "../check-project/ports.mjs";
import { run, start, stopGroup } from "../processes.mjs";

const RECORDS = 400;

/**
 * Installs the command, and clients of AWS to put and to look with.
 * @param {string} folder
 * @param {string} npmrc
 */
export function installLocalAws(folder, npmrc) {
  mkdirSync(folder);
  writeFileSync(join(folder, ".npmrc"), npmrc);
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  const packages = ["@kinesis-connectors/local", "@aws-sdk/client-kinesis", "@aws-sdk/client-s3"];
  run("npm", ["install", "--no-audit", "--no-fund", "--loglevel=error", ...packages], { cwd: folder });
  for (const name of ["put.mjs", "landed.mjs"])
    copyFileSync(fileURLToPath(new URL(`user/${name}`, import.meta.url)), join(folder, name));
}

/**
 * Runs a connector against new services, and holds what landed against what was put.
 * @param {string} folder where the command is installed
 * @param {(env: Record<string, string>) => string} runConnector runs it to its end; what it prints is given back
 * @returns {Promise<string>} its last line
 * @throws {Error} unless each record that passes the filter landed once
 */
export async function deliver(folder, runConnector) {
  const port = await freePorts(3);
  const ports = ["--port", port, "--dynamodb-port", port + 1, "--s3-port", port + 2].map(String);
  const what = ["--stream", "clicks", "--shards", "2", "--bucket", "archive"];
  const local = start(join(folder, "node_modules/.bin/kinesis-local-aws"), [...ports, ...what], {
    cwd: folder,
  });
  try {
    await local.until(
      () => local.stdout().includes("serving until stopped"),
      "kinesis-local-aws does not serve",
    );
    const env = Object.fromEntries(
      [...local.stdout().matchAll(/^export (\w+)=(.*)$/gm)].map(([, name, value]) => [
        name,
        value.replaceAll(/^['"]|['"]$/g, ""),
      ]),
    );
    run(process.execPath, ["put.mjs", String(RECORDS)], { cwd: folder, env });
    const printed = runConnector({ ...env, RECORDS: String(RECORDS) });
    const landed = run(process.execPath, ["landed.mjs"], { cwd: folder, env }).stdout;
    const wanted = JSON.stringify(Array.from({ length: RECORDS / 2 }, (_, index) => index * 2));
    if (landed !== wanted)
      throw new Error(`what landed is not what was put: ${landed.slice(0, 2_000)}; ${printed}`);
    return printed.trim().split("\n").at(-1) ?? "";
  } finally {
    stopGroup(local.child, "SIGTERM");
    await local.done;
  }
}
