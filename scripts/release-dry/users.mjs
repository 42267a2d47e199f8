// Users with an empty folder: each installs core, consumer and s3 from the registry by another package manager.
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "../processes.mjs";

export const INSTALLED = ["core", "consumer", "s3"].map((name) => `@kinesis-connectors/${name}`);

/** A setting of npm, as it is on this machine; undefined where it has none. */
function npmSetting(name) {
  const value = run("npm", ["config", "get", name], { cwd: process.cwd() }).stdout.trim();
  return ["", "null", "undefined"].includes(value) ? undefined : value;
}

/** What is not ours comes from where npm has it: Yarn does not read npm's settings. */
function yarnSettings() {
  const { NODE_EXTRA_CA_CERTS } = process.env;
  const authorities = npmSetting("cafile") ?? NODE_EXTRA_CA_CERTS;
  return [
    `npmRegistryServer: "${npmSetting("registry")}"`,
    ...(authorities === undefined ? [] : [`httpsCaFilePath: "${authorities}"`]),
  ].join("\n");
}

/** How packages of ours are found by npm and pnpm: theirs alone, and nowhere else. */
export const npmrcOf = (url) => `@kinesis-connectors:registry=${url}\n`;

/**
 * The package managers: how each is set up, adds packages, and runs a program.
 * @param {string} url of the registry
 */
export function packageManagers(url) {
  const quiet = ["--no-audit", "--no-fund", "--loglevel=error"];
  const yarn = (linker) => ({
    files: {
      ".yarnrc.yml": `nodeLinker: ${linker}
enableTelemetry: false
enableGlobalCache: false
npmPreapprovedPackages: ["@kinesis-connectors/*"]
npmScopes: { kinesis-connectors: { npmRegistryServer: "${url}" } }
${yarnSettings()}
unsafeHttpWhitelist: ["127.0.0.1"]
`,
      "yarn.lock": "",
    },
    command: ["npx", "-y", "@yarnpkg/cli-dist@4.18.1"],
    add: ["add"],
    node: ["node"],
  });
  return {
    npm: { files: { ".npmrc": npmrcOf(url) }, command: ["npm"], add: ["install", ...quiet] },
    pnpm: {
      files: {
        ".npmrc": npmrcOf(url),
        // What was published a minute ago is what this is about.
        "pnpm-workspace.yaml": "minimumReleaseAge: 0\npmOnFail: ignore\n",
      },
      command: ["npx", "-y", "pnpm@12.21.0"],
      add: ["add"],
    },
    yarn: yarn("node-modules"),
    "yarn, Plug'n'Play": yarn("pnp"),
  };
}

/**
 * A project with the three packages.
 * @param {string} folder
 * @param {ReturnType<typeof packageManagers>["npm"]} manager
 * @param {readonly string[]} packages
 */
export function installFor(folder, { files, command: [command, ...before], add }, packages = INSTALLED) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({ name: "a-user", private: true, type: "module" }),
  );
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  run(command, [...before, ...add, ...packages], { cwd: folder });
  copyFileSync(fileURLToPath(new URL("user/connector.mjs", import.meta.url)), join(folder, "connector.mjs"));
}

/** Runs the connector of a project to its end. */
export function runConnector(folder, { command: [command, ...before], node }, env) {
  return node === undefined
    ? run(process.execPath, ["connector.mjs"], { cwd: folder, env }).stdout
    : run(command, [...before, ...node, "connector.mjs"], { cwd: folder, env }).stdout;
}
