// A registry of one's own on loopback, with nothing in it: verdaccio, installed once beside the workspace's packages. It has no way out: what is not ours comes
// from the registry that npm is set up with.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePorts } from "../check-project/ports.mjs";
import { start } from "../processes.mjs";
import { installOnce } from "./install-once.mjs";

/** The last line that runs on Node 20. */
const VERDACCIO = "6.3.2";

/**
 * Starts an empty registry.
 * @param {string} root of the workspace, which keeps the program
 * @param {string} folder for what is published
 * @returns {Promise<{ readonly url: string, readonly publishEnv: NodeJS.ProcessEnv }>} `publishEnv` are the settings by which npm publishes there, and nowhere else
 */
export async function startRegistry(root, folder) {
  const program = install(join(root, "node_modules/.cache", `verdaccio-${VERDACCIO}`));
  mkdirSync(folder, { recursive: true });
  const port = await freePorts(1);
  const config = join(folder, "config.yaml");
  writeFileSync(
    config,
    `storage: ./storage
auth: { htpasswd: { file: ./htpasswd, max_users: -1 } }
uplinks: {}
packages:
  "@kinesis-connectors/*": { access: $all, publish: $all }
  create-kinesis-connectors: { access: $all, publish: $all }
max_body_size: 50mb
web: { enable: false }
log: { type: stdout, format: pretty, level: warn }
`,
  );
  const server = start(process.execPath, [program, "--config", config, "--listen", `127.0.0.1:${port}`], {
    cwd: folder,
  });
  const url = `http://127.0.0.1:${port}/`;
  let isServing = false;
  const ping = setInterval(() => {
    fetch(`${url}-/ping`).then(
      () => (isServing = true),
      () => {},
    );
  }, 200);
  await server.until(() => isServing, "the registry does not serve").finally(() => clearInterval(ping));
  const userconfig = join(folder, "npmrc");
  // npm publishes only with a token, whatever it is; the registry asks for none.
  writeFileSync(userconfig, `registry=${url}\n//127.0.0.1:${port}/:_authToken=nobody\n`);
  const { npm_config_registry: _, ...env } = process.env;
  return { url, publishEnv: { ...env, NPM_CONFIG_USERCONFIG: userconfig } };
}

/** Installs the program where it is not there yet, and says where its entry is. */
function install(folder) {
  process.stdout.write(`verdaccio ${VERDACCIO}, which is installed once ...\n`);
  const { program, code, stderr } = installOnce(
    folder,
    {
      dependencies: { verdaccio: VERDACCIO },
      // It asks for a tag of node-fetch, which not every registry passes on.
      overrides: { "node-fetch": "2.7.0" },
    },
    "node_modules/verdaccio/bin/verdaccio",
  );
  if (code !== 0) throw new Error(`verdaccio was not installed: ${stderr}`);
  return program;
}
