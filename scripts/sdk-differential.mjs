// Runs the tests that hold our requests to those of AWS's SDK against its newest clients, in a folder of their own: signatures, bodies, headers on the wire, errors.
//   npm run sdk-differential                    installs the newest, and says which they are
//   npm run sdk-differential -- --folder DIR    takes those that are installed there
// It ends with 1 where anything differs; the failed tests say what.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = fileURLToPath(new URL("..", import.meta.url));

/** What a request passes through, with the package of ours whose lockfile entry it is held against. */
const CLIENTS = {
  "@aws-sdk/client-kinesis": "packages/wire",
  "@aws-sdk/client-dynamodb": "packages/dynamodb",
  "@aws-sdk/client-s3": "packages/s3",
  "@aws-sdk/core": "packages/wire",
  "@smithy/core": "packages/wire",
  "@smithy/node-http-handler": "packages/wire",
  "@smithy/signature-v4": "packages/aws",
};

/** That what is required and what is imported are one SDK; signatures; what is written and read; what is sent, refused and asked anew; what is not kept. */
const TESTS = [
  "packages/aws/test/sdk-part.test.ts",
  "packages/aws/test/signing",
  "packages/wire/test/protocol.test.ts",
  "packages/wire/test/put-records.test.ts",
  "packages/wire/test/answers-of-the-sdk.test.ts",
  "packages/consumer/test/kinesis",
  "packages/consumer/test/lease-table",
  "packages/kinesis/test/answers.test.ts",
  "packages/kinesis/test/clock-is-off.test.ts",
  "packages/kinesis/test/wire-format.test.ts",
  "packages/dynamodb/test/clients-not-known.test.ts",
  "packages/dynamodb/test/clock-is-off.test.ts",
  "packages/dynamodb/test/kept-requests.test.ts",
  "packages/dynamodb/test/protocol.test.ts",
  "packages/s3/test/clock-is-off.test.ts",
  "packages/s3/test/objects",
];
const PROJECTS = ["aws", "wire", "consumer", "kinesis", "dynamodb", "s3"];

const USAGE = `npm run sdk-differential [-- --folder DIR]
Holds the requests that are written, signed and read here to those of the newest clients of AWS's SDK, which it installs into a folder of their own.
  --folder DIR   takes the clients that are installed in DIR instead
Ends with 0 where nothing differs, 1 where anything does, and 2 where nothing could be compared.
`;

const { values } = parseArgs({ options: { folder: { type: "string" }, help: { type: "boolean" } } });
if (values.help === true) {
  process.stdout.write(USAGE);
  process.exit(0);
}
const folder = values.folder === undefined ? install() : resolve(values.folder);
const status = compare(folder);
if (values.folder === undefined) rmSync(folder, { recursive: true, force: true });
process.exit(status);

function install() {
  const made = mkdtempSync(join(tmpdir(), "newest-sdk-"));
  writeFileSync(join(made, "package.json"), '{"private":true}\n');
  process.stdout.write("installing the newest clients ...\n");
  const newest = Object.keys(CLIENTS).map((name) => `${name}@latest`);
  const quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"];
  const options = { cwd: made, stdio: ["ignore", "inherit", "inherit"] };
  const { status: installed } = spawnSync("npm", ["install", ...quiet, ...newest], options);
  if (installed !== 0) {
    rmSync(made, { recursive: true, force: true });
    process.stderr.write("the newest clients could not be installed: nothing was compared\n");
    process.exit(2);
  }
  return made;
}

function compare(where) {
  for (const [name, member] of Object.entries(CLIENTS)) {
    const newest = versionIn(where, name);
    process.stdout.write(`${name} ${newest} (here ${versionIn(join(root, member), name)})\n`);
  }
  const projects = PROJECTS.flatMap((name) => ["--project", name]);
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  const { status: failed } = spawnSync(
    process.execPath,
    [vitest, "run", "--reporter", "dot", ...projects, ...TESTS],
    {
      cwd: root,
      stdio: "inherit",
      env: {
        ...process.env,
        KC_TEST_SDK: where,
        AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
      },
    },
  );
  process.stdout.write(
    failed === 0
      ? "our requests are those of the newest clients\n"
      : "our requests differ from those of the newest clients: see the tests that failed\n",
  );
  return failed === 0 ? 0 : 1;
}

function versionIn(where, name) {
  const require = createRequire(join(where, "package.json"));
  const paths = require.resolve.paths(name) ?? [];
  for (const path of paths) {
    try {
      return JSON.parse(readFileSync(join(path, name, "package.json"), "utf8")).version;
    } catch {
      // In a folder further up.
    }
  }
  return "none";
}
