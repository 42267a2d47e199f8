// Packs every public package, installs the tarballs in an empty folder outside the workspace, and looks at them as a user would.
import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";
import { atEnd } from "../processes.mjs";
import { JOINED } from "../join-modules.mjs";
import { packAll } from "../pack-all.mjs";
import { tarballProblems } from "../release/tarballs.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const work = mkdtempSync(join(tmpdir(), "kinesis-connectors-packages-"));
atEnd(() => work);
const problems = [];
const check = (holds, what) => {
  if (!holds) problems.push(what);
};
const run = (command, args, cwd) =>
  execFileSync(command, args, { cwd, stdio: ["ignore", "pipe", "inherit"], encoding: "utf8" });

/**
 * For tests and development: nobody ships them. What loads packages from where a file lies, or hands out files that lie beside it. And the constructs, whose
 * peer is a program of its own.
 */
const NOT_BUNDLED = new Set(["local", "testkit", "config", "console", "cdk"]);

/** What the clients of all destinations are. */
const ALL_CLIENTS = [
  "client-dynamodb",
  "client-firehose",
  "client-glue",
  "client-kinesis",
  "client-redshift-data",
  "client-s3",
  "client-sqs",
];

/** A command alone: nobody imports it. */
const COMMANDS = new Set(["create-kinesis-connectors"]);

/** Dependencies in CommonJS require Node's own modules: a bundle of modules has no require of its own. */
const REQUIRE_BANNER = {
  js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
};

/** How many files an import of a package may load of each package of ours, where their modules are joined. */
const MAX_FILES = 12;

/** What a cold start of a function may load. */
const MAX_FUNCTION_KIB = 900;

/** Beside it for what nobody asks for: the SDK as Node would load it, which grows with each of its versions. */
const SLACK_KIB = 50;

const tarballs = new Map();
for (const [name, { folder, tarball }] of packAll(root, join(work, "packed"))) {
  tarballs.set(name, tarball);
  const unpacked = join(work, "unpacked", folder);
  mkdirSync(unpacked, { recursive: true });
  run("tar", ["-xzf", tarball], unpacked);
  checkTarball(name, tarball, join(unpacked, "package"));
}

checkInstall("core alone", ["core"], []);
checkInstall("core and leases", ["core", "leases"], []);
checkInstall("core and aws-records", ["core", "aws-records"], []);
checkInstall("core and s3", ["core", "s3"], ["client-s3"]);
checkInstall("core and parquet", ["core", "parquet"], ["client-s3"]);
checkInstall("core and avro", ["core", "avro"], []);
checkInstall("core and protobuf", ["core", "protobuf"], []);
checkInstall("core and schema-registry", ["core", "schema-registry"], ["client-glue"]);
checkInstall("core and dynamodb", ["core", "dynamodb"], ["client-dynamodb"]);
checkInstall("core and kinesis", ["core", "kinesis"], ["client-kinesis"]);
checkInstall("core, kcl and s3", ["core", "kcl", "s3"], ["client-dynamodb", "client-kinesis", "client-s3"]);
checkInstall("core and opensearch", ["core", "opensearch"], []);
checkInstall("core and postgres", ["core", "postgres"], []);
checkInstall("core and firehose", ["core", "firehose"], ["client-firehose"]);
checkInstall("core and sqs", ["core", "sqs"], ["client-sqs"]);
checkInstall("core and iceberg", ["core", "iceberg"], ["client-s3"]);
checkInstall("core and redshift", ["core", "redshift"], ["client-redshift-data", "client-s3"]);
checkInstall(
  "core, consumer and s3",
  ["core", "consumer", "s3"],
  ["client-dynamodb", "client-kinesis", "client-s3"],
);
checkInstall(
  "core, config, s3 and parquet",
  ["core", "config", "s3", "parquet"],
  ["client-dynamodb", "client-kinesis", "client-s3"],
);
checkConfigFile();
checkInstall(
  "core, consumer and telemetry",
  ["core", "consumer", "telemetry"],
  ["client-dynamodb", "client-kinesis"],
);
checkInstall(
  "core, consumer and admin",
  ["core", "consumer", "telemetry", "admin"],
  ["client-dynamodb", "client-kinesis"],
);
checkInstall(
  "core, consumer, admin and console",
  ["core", "consumer", "telemetry", "admin", "console"],
  ["client-dynamodb", "client-kinesis"],
);
checkInstall(
  "core, lambda and s3",
  ["core", "lambda", "s3"],
  ["client-dynamodb", "client-kinesis", "client-s3"],
);
checkFunctionBundle();
checkInstall("local and testkit", ["core", "local", "testkit"], []);
checkBundles();
checkLockfile();

for (const problem of problems) process.stderr.write(`package check: ${problem}\n`);
process.stdout.write(`${tarballs.size} packages packed, installed and run; ${problems.length} problems\n`);
process.exit(problems.length === 0 ? 0 : 1);

/** What a published tarball must be, and what is asked of a library beyond that. */
function checkTarball(name, tarball, folder) {
  problems.push(...tarballProblems(tarball));
  check(
    COMMANDS.has(name) ||
      (existsSync(join(folder, "dist/index.js")) && existsSync(join(folder, "dist/index.d.ts"))),
    `${name} has no built entry`,
  );
}

/** Installs with npm what a user would name, with our own packages taken from the tarballs; then imports and compiles against them. */
function checkInstall(what, shortNames, wantedClients) {
  const names = shortNames.map((name) => `@kinesis-connectors/${name}`);
  const folder = join(work, what.replaceAll(/\W+/g, "-"));
  mkdirSync(folder);
  const file = (name) => `file:${tarballs.get(name)}`;
  const manifest = {
    name: "a-user",
    private: true,
    type: "module",
    dependencies: Object.fromEntries(names.map((name) => [name, file(name)])),
    // Not published yet: what our packages need of each other comes from the tarballs too.
    overrides: Object.fromEntries(
      [...tarballs.keys()].filter((name) => !names.includes(name)).map((name) => [name, file(name)]),
    ),
    devDependencies: { typescript: "5.9.3", "@types/node": "20.19.43" },
  };
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
  run(
    "npm",
    [
      "install",
      "--no-audit",
      "--no-fund",
      "--ignore-scripts",
      "--no-package-lock",
      "--prefer-offline",
      "--loglevel=error",
    ],
    folder,
  );
  const scope = join(folder, "node_modules", "@aws-sdk");
  const clients = existsSync(scope) ? readdirSync(scope).filter((name) => name.startsWith("client-")) : [];
  check(
    JSON.stringify(clients.toSorted()) === JSON.stringify(wantedClients),
    `${what} brings the AWS clients [${clients.join(", ")}], not [${wantedClients.join(", ")}]`,
  );
  if (shortNames.length === 1) check(!existsSync(scope), `${what} brings @aws-sdk packages`);

  const program = programOf(shortNames);
  writeFileSync(join(folder, "user.ts"), program);
  const options = [
    "--target",
    "es2023",
    "--lib",
    "es2023,esnext.disposable",
    "--module",
    "nodenext",
    "--strict",
    "--exactOptionalPropertyTypes",
    "--skipLibCheck",
    "false",
    "--types",
    "node",
  ];
  try {
    execFileSync(process.execPath, [join(folder, "node_modules/typescript/bin/tsc"), ...options, "user.ts"], {
      cwd: folder,
      encoding: "utf8",
    });
    const printed = execFileSync(process.execPath, ["user.js"], { cwd: folder, encoding: "utf8" });
    check(printed.trim() === "ok", `${what}: the consumer printed ${printed.trim()}`);
    const { sdk, ours } = loadedBy(names, folder);
    check(
      sdk.length === 0,
      `${what}: importing them loads ${sdk.length} files of the AWS SDK, first ${sdk[0]}`,
    );
    const joined = names.filter((name) => JOINED.includes(name.replace("@kinesis-connectors/", "")));
    if (joined.length === names.length)
      check(ours <= MAX_FILES * names.length, `${what}: importing them loads ${ours} files of ours`);
  } catch (thrown) {
    problems.push(`${what}: ${thrown.stdout ?? ""}${thrown.stderr ?? thrown.message}`);
  }
}

/** The files that a program loads which imports these packages: those of the SDK, which come when they are used, and how many of ours. */
function loadedBy(names, folder) {
  writeFileSync(
    join(folder, "hooks.mjs"),
    `import { register } from "node:module";
const hooks = 'import { appendFileSync } from "node:fs"; export const load = (url, context, next) => { appendFileSync("loaded.txt", url + String.fromCharCode(10)); return next(url, context); };';
register("data:text/javascript," + encodeURIComponent(hooks));
`,
  );
  writeFileSync(
    join(folder, "imports.mjs"),
    `import { appendFileSync } from "node:fs";
import { createRequire } from "node:module";
for (const name of ${JSON.stringify(names)}) await import(name);
appendFileSync("loaded.txt", Object.keys(createRequire(import.meta.url).cache).join(String.fromCharCode(10)));
`,
  );
  run(process.execPath, ["--no-warnings", "--import", "./hooks.mjs", "imports.mjs"], folder);
  const files = readFileSync(join(folder, "loaded.txt"), "utf8").split("\n");
  return {
    sdk: files.filter((file) => /@aws-sdk|@smithy/.test(file)),
    ours: files.filter((file) => file.includes("/node_modules/@kinesis-connectors/")).length,
  };
}

/**
 * Bundles all that a connector may consist of into one file, as is usual for containers and functions, in both formats, and runs it. An optional
 * dependency that is not installed must not break the bundle.
 */
function checkBundles() {
  const folder = join(work, "everything");
  const shortNames = [...tarballs.keys()]
    .filter((name) => !COMMANDS.has(name))
    .map((name) => name.replace("@kinesis-connectors/", ""))
    .filter((name) => !NOT_BUNDLED.has(name));
  checkInstall("everything", shortNames, ALL_CLIENTS);
  for (const { format, file, ...more } of [
    { format: "esm", file: "bundle.mjs", banner: REQUIRE_BANNER },
    { format: "cjs", file: "bundle.cjs", logOverride: { "empty-import-meta": "silent" } },
  ]) {
    try {
      buildSync({
        absWorkingDir: folder,
        entryPoints: ["user.js"],
        outfile: join(folder, file),
        bundle: true,
        minify: true,
        platform: "node",
        target: "node20",
        format,
        logLevel: "warning",
        ...more,
      });
      const printed = run(process.execPath, [file], folder);
      check(printed.trim() === "ok", `the bundle ${file} printed ${printed.trim()}`);
    } catch (thrown) {
      problems.push(`the bundle ${file}: ${thrown.stdout ?? ""}${thrown.message}`);
    }
  }
  checkSideEffects(folder, shortNames);
  // Node 20.19 and newer load modules from CommonJS too.
  const required = shortNames.map((name) => `require("@kinesis-connectors/${name}");`).join(" ");
  writeFileSync(join(folder, "user.cjs"), `${required} console.log("ok");`);
  check(
    run(process.execPath, ["--no-warnings", "user.cjs"], folder).trim() === "ok",
    "require() does not load them",
  );
}

/** `sideEffects: false` is what every package.json says. */
function checkSideEffects(folder, shortNames) {
  copyFileSync(join(root, "scripts/release/side-effects.mjs"), join(folder, "side-effects.mjs"));
  const names = shortNames.map((name) => `@kinesis-connectors/${name}`);
  const printed = run(process.execPath, ["--no-warnings", "side-effects.mjs", ...names], folder).trim();
  check(printed === "ok", `importing has side effects: ${printed}`);
}

/**
 * The function of the sample, bundled as for Lambda: what a cold start loads must stay small, and the client of Kinesis, which few invocations need, must
 * stand in a file of its own. With the main fields that Node takes, which a bundler may be left at, and with those of modules, which the README asks for.
 */
function checkFunctionBundle() {
  const folder = join(work, "core-lambda-and-s3");
  copyFileSync(join(root, "apps/lambda-to-s3/src/function.ts"), join(folder, "function.ts"));
  for (const { mainFields, name, maxKib } of [
    { mainFields: ["module", "main"], name: "function-module", maxKib: MAX_FUNCTION_KIB },
    { mainFields: ["main", "module"], name: "function-main", maxKib: MAX_FUNCTION_KIB + SLACK_KIB },
  ]) {
    const { metafile } = buildSync({
      absWorkingDir: folder,
      entryPoints: ["function.ts"],
      outdir: join(folder, name),
      outExtension: { ".js": ".mjs" },
      bundle: true,
      minify: true,
      splitting: true,
      metafile: true,
      platform: "node",
      target: "node20",
      format: "esm",
      mainFields,
      banner: REQUIRE_BANNER,
      logLevel: "warning",
    });
    const loaded = loadedAtStart(metafile.outputs);
    const bytes = loaded.reduce((sum, file) => sum + metafile.outputs[file].bytes, 0);
    const kib = Math.round(bytes / 1024);
    process.stdout.write(`the sample function, ${mainFields.join(" before ")}: ${kib} KiB at a cold start\n`);
    check(kib <= maxKib, `the function is ${kib} KiB, more than ${maxKib}`);
    const inputs = loaded.flatMap((file) => Object.keys(metafile.outputs[file].inputs));
    check(
      !inputs.some((path) => path.includes("client-kinesis/")),
      "the function loads the client of Kinesis at once",
    );
    const all = Object.values(metafile.outputs).flatMap((output) => Object.keys(output.inputs));
    check(
      all.some((path) => path.includes("client-kinesis/")),
      "the function has no client of Kinesis at all",
    );
    writeFileSync(
      join(folder, "start.mjs"),
      `import { handler } from "./${name}/function.mjs"; console.log(typeof handler);`,
    );
    const printed = run(process.execPath, ["--no-warnings", "start.mjs"], folder).trim();
    check(printed === "function", `the bundled function is ${printed}`);
  }
}

/** The files that a bundle's entry loads at once: its own and those that it imports, but not what it imports later. */
function loadedAtStart(outputs) {
  const loaded = Object.keys(outputs).filter((file) => outputs[file].entryPoint === "function.ts");
  for (const file of loaded)
    for (const { path, kind } of outputs[file].imports)
      if (kind === "import-statement" && outputs[path] !== undefined && !loaded.includes(path))
        loaded.push(path);
  return loaded;
}

/** A file beside what is installed: the good one is good, and a misspelt option is found. */
function checkConfigFile() {
  const folder = join(work, "core-config-s3-and-parquet");
  const file = (bucket) => `version: 1
application: click-archive
source: { stream: clicks, region: eu-central-1 }
emitter: { type: s3, ${bucket}: my-clicks, region: eu-central-1, format: { type: parquet, infer: true } }
`;
  writeFileSync(join(folder, "good.yaml"), file("bucket"));
  writeFileSync(join(folder, "bad.yaml"), file("bukcet"));
  writeFileSync(
    join(folder, "validate.mjs"),
    [
      'import { configSchema, problemLine, validateConfig } from "@kinesis-connectors/config";',
      'const files = ["good.yaml", "bad.yaml"];',
      "const found = await Promise.all(files.map((name) => validateConfig(name)));",
      "console.log(found.flat().map(problemLine).join(), typeof configSchema().definitions);",
    ].join("\n"),
  );
  const printed = run(process.execPath, ["--no-warnings", "validate.mjs"], folder).trim();
  check(
    printed === "bad.yaml:4:22 emitter.bukcet is not an option of s3; did you mean bucket? object",
    `a configuration file among installed packages: ${printed}`,
  );
}

/** What a user might write with these packages: it must compile and run. */
function programOf(shortNames) {
  const uses = (name) => shortNames.includes(name);
  return [
    'import { definePipeline, json, KinesisConnectorError } from "@kinesis-connectors/core";',
    ...shortNames.map((name) => `import * as ${variableOf(name)} from "@kinesis-connectors/${name}";`),
    `for (const [name, exported] of Object.entries({ ${shortNames.map(variableOf).join(", ")} })) {`,
    "  if (Object.keys(exported).length === 0) throw new Error(`${name} exports nothing`);",
    "}",
    uses("s3")
      ? 'const emitter = the_s3.s3Emitter({ bucket: "a-bucket", format: the_s3.ndjson(), compression: the_s3.gzip(), region: "eu-west-1" });'
      : 'const emitter = { capabilities: { duplicates: "none", ordering: "shard" } as const, emit: async () => ({ failed: [] }) };',
    'const pipeline = definePipeline({ transformer: json<{ id: string }>(), filter: (model) => model.id !== "", emitter });',
    'if (typeof pipeline.createBuffer !== "function") throw new Error("no pipeline");',
    'if (!KinesisConnectorError.isInstance(new KinesisConnectorError("KC_EMIT_FAILED", "x"))) throw new Error("no error class");',
    'console.log("ok");',
  ].join("\n");
}

/** A package's name as that of a variable. */
function variableOf(name) {
  // A package may be called as something that the program uses, such as console.
  return `the_${name.replaceAll("-", "_")}`;
}

function checkLockfile() {
  const lockfile = readFileSync(join(root, "pnpm-lock.yaml"), "utf8");
  check(!lockfile.includes("tarball:"), "the lockfile names tarballs");
  check(!/https?:\/\//.test(lockfile), "the lockfile names a host");
}
