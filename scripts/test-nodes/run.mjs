// The whole suite on other Nodes, and one connector on what the documents name beside them: npm run test:nodes -- 22 24
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { atEnd, run, spawnGroup } from "../check-project/processes.mjs";
import { setup } from "../setup.mjs";
import { runtimeOf } from "./runtimes.mjs";
import { refuseKept } from "../usage.mjs";

const USAGE = `npm run test:nodes -- [VERSION ...] [--project NAME ...] [--connector] [--no-connector]
Runs every test on each of the Nodes, then a connector on Node 26, Bun and Deno: three packages, installed from tarballs, against kinesis-local-aws.
  VERSION          a major, of which the newest is taken, or an exact version; default 22 24. The program comes from npm
  --project NAME   only the tests of these packages, as for npm test
  --connector      only the connector, and no tests
  --no-connector   only the tests
Ends with 1 where a test fails, or the connector does not deliver. A runtime that npm has not for this machine is told, and does not count.
`;

/** What the connector runs on, beside the Nodes of the tests; and how each runs a file. */
const RUNTIMES = [
  { runtime: "node", version: "26", args: [] },
  { runtime: "bun", version: "1.4.5", args: [] },
  {
    runtime: "deno",
    version: "2.9.6",
    // As Node does: packages from node_modules, and no questions.
    args: ["run", "--allow-all", "--node-modules-dir=manual", "--no-lock", "--quiet"],
  },
];

refuseKept(USAGE, process.argv.slice(2));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    project: { type: "string", multiple: true, default: [] },
    connector: { type: "boolean", default: false },
    "no-connector": { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
const bad = positionals.filter((version) => !/^\d+(?:\.\d+\.\d+)?$/.test(version));
if (values.help || bad.length > 0 || (values.connector && values["no-connector"])) {
  (values.help ? process.stdout : process.stderr).write(USAGE);
  process.exit(values.help ? 0 : 2);
}

const root = fileURLToPath(new URL("../..", import.meta.url));
const cache = join(root, "node_modules/.cache/runtimes");
const lines = [];
let passed = 0;
let failed = 0;
/** What the connector is tried in. */
let work;
atEnd(() => work);
setup();
if (!values.connector)
  for (const version of positionals.length > 0 ? positionals : ["22", "24"])
    // One after the other: each of them takes the whole machine.
    // oxlint-disable-next-line no-await-in-loop
    await testOn(version);
if (!values["no-connector"]) await connectorOn(RUNTIMES);
process.stdout.write(`\n${[...lines, `${passed} passed, ${failed} failed`].join("\n")}\n`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);

/** Runs the tests on a Node, with it first on the path of all that they start. */
async function testOn(wanted) {
  const found = runtimeOf(cache, "node", wanted);
  if (found.missing !== undefined) {
    lines.push(`Node ${wanted}: ${found.missing}`);
    failed += 1;
    return;
  }
  process.stdout.write(`\n=== tests on Node ${found.version}\n`);
  const projects = values.project.flatMap((name) => ["--project", name]);
  const child = spawnGroup(found.program, [join(root, "scripts/test.mjs"), ...projects], {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, PATH: `${dirname(found.program)}${delimiter}${process.env.PATH}` },
  });
  let end = "";
  child.stdout.on("data", (chunk) => {
    process.stdout.write(chunk);
    end = (end + String(chunk)).slice(-2_000);
  });
  const code = await new Promise((resolve) => child.once("close", resolve));
  const totals = /^(\d+) passed, (\d+) failed$/m.exec(end);
  passed += Number(totals?.[1] ?? 0);
  // One that says nothing at its end has failed as a whole.
  failed += totals === null ? 1 : Number(totals[2]);
  if (code !== 0 && Number(totals?.[2] ?? 1) === 0) failed += 1;
  lines.push(`Node ${found.version}: ${totals?.[0] ?? `ended with ${code}`}`);
}

/** Builds, publishes to a registry on loopback, installs three packages there, and runs the connector on each runtime. */
async function connectorOn(runtimes) {
  process.stdout.write(
    "\n=== a connector on other runtimes (some minutes: packages are built, packed and installed first; --no-connector leaves it out)\n",
  );
  const { packRelease } = await import("../release/pack.mjs");
  const { publishTarballs } = await import("../release/publish.mjs");
  const { deliver, installLocalAws } = await import("../release-dry/local-aws.mjs");
  const { startRegistry } = await import("../release-dry/registry.mjs");
  const { installFor, npmrcOf, packageManagers } = await import("../release-dry/users.mjs");
  work = mkdtempSync(join(tmpdir(), "kinesis-connectors-runtimes-"));
  run("npm", ["run", "-s", "build"], { cwd: root });
  packRelease(root, join(work, "packed"));
  const { url, publishEnv } = await startRegistry(root, join(work, "registry"));
  await publishTarballs(join(work, "packed"), { registry: url, provenance: false, env: publishEnv });
  installLocalAws(join(work, "local-aws"), npmrcOf(url));
  const folder = join(work, "user");
  installFor(folder, packageManagers(url).npm);
  for (const { runtime, version, args } of runtimes) {
    const found = runtimeOf(cache, runtime, version);
    if (found.missing !== undefined) {
      lines.push(`a connector on ${runtime} ${version}: not tried: ${found.missing}`);
      if (!found.isAbsent) failed += 1;
      continue;
    }
    try {
      // One after the other: what fails is told of its own runtime.
      // oxlint-disable-next-line no-await-in-loop
      const said = await deliver(
        join(work, "local-aws"),
        (env) => run(found.program, [...args, "connector.mjs"], { cwd: folder, env }).stdout,
      );
      passed += 1;
      lines.push(`a connector on ${runtime} ${found.version}: ${said}`);
    } catch (error) {
      failed += 1;
      lines.push(`a connector on ${runtime} ${found.version}: ${error.message}`);
    }
  }
}
