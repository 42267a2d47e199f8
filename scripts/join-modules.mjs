// What is published of the packages that every connector loads: one file for each entry instead of one for each source. Node takes most of a
// millisecond for each file that it loads, and these have some 350.
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import { buildSync } from "esbuild";

/** Folders of packages whose modules are joined. */
export const JOINED = ["core", "leases", "wire", "aws", "consumer", "s3"];

/** Files that must stand by themselves, beside those that name them: a worker thread's first file, and the one that sees by its place whether it was bundled. */
const APART = {
  consumer: { "thread-main": "engines/threads/thread-main" },
  aws: { "sdk-part": "sdk-part" },
};

/** What the compiler leaves beside what it has built, and joining does not. */
const COMPILED = ".tsbuildinfo";

/**
 * Runs something, such as packing, while the packages have their modules joined in `dist`; what was built stands there again afterwards.
 * @template Result
 * @param {string} root of the workspace
 * @param {() => Result} run
 * @returns {Result}
 * @throws {Error} where a package is not built, or another process packs in the same workspace
 */
export function whileJoined(root, run) {
  const folders = JOINED.map((name) => ({ name, folder: join(root, "packages", name) }));
  const release = hold(join(root, "node_modules/.cache/joining"));
  try {
    for (const { name, folder } of folders) joinModules(name, folder);
    return run();
  } finally {
    for (const { folder } of folders) restore(folder);
    release();
  }
}

/** Two at once would take away what the other one packs. What a process that is no more has left does not count. */
function hold(file) {
  mkdirSync(dirname(file), { recursive: true });
  const holder = existsSync(file) ? Number(readFileSync(file, "utf8")) : 0;
  if (holder > 0 && isAlive(holder))
    throw new Error(`process ${holder} packs in this workspace: wait for its end, or pack in another clone`);
  writeFileSync(file, String(process.pid));
  return () => rmSync(file, { force: true });
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/**
 * A copy of the packages as they are published, for programs that lie in the same folder: with their modules joined, and what they depend on beside them.
 * @param {string} root of the workspace
 * @param {string} folder
 * @throws {Error} where a package is not built
 */
export function copyJoined(root, folder) {
  const modules = join(folder, "node_modules");
  for (const name of JOINED) {
    const from = join(root, "packages", name);
    const to = join(modules, "@kinesis-connectors", name);
    requireBuilt(name, join(from, "dist"));
    mkdirSync(to, { recursive: true });
    copyFileSync(join(from, "package.json"), join(to, "package.json"));
    joinInto(name, from, join(from, "dist"), join(to, "dist"));
    const { dependencies = {} } = JSON.parse(readFileSync(join(from, "package.json"), "utf8"));
    for (const dependency of Object.keys(dependencies)) {
      const link = join(modules, dependency);
      if (dependency.startsWith("@kinesis-connectors/") || existsSync(link)) continue;
      mkdirSync(dirname(link), { recursive: true });
      symlinkSync(realpathSync(join(from, "node_modules", dependency)), link, "junction");
    }
  }
}

function joinModules(name, folder) {
  restore(folder);
  const dist = join(folder, "dist");
  const built = builtOf(folder);
  requireBuilt(name, dist);
  renameSync(dist, built);
  joinInto(name, folder, built, dist);
  for (const file of readdirSync(built, { recursive: true }).map(String)) {
    if (!/\.d\.ts(\.map)?$/.test(file)) continue;
    mkdirSync(dirname(join(dist, file)), { recursive: true });
    copyFileSync(join(built, file), join(dist, file));
  }
}

function requireBuilt(name, dist) {
  if (!existsSync(join(dist, COMPILED))) throw new Error(`packages/${name} is not built: npm run build`);
}

/** The modules of a package, from where they were built to where they are joined. */
function joinInto(name, folder, built, dist) {
  const { exports } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const entries = Object.values(exports).map((entry) => relative("dist", entry.default).replace(/\.js$/, ""));
  const apart = APART[name] ?? {};
  buildSync({
    absWorkingDir: folder,
    entryPoints: Object.fromEntries([
      ...entries.map((entry) => [entry, join(built, `${entry}.js`)]),
      ...Object.entries(apart).map(([out, file]) => [out, join(built, `${file}.js`)]),
    ]),
    outdir: dist,
    bundle: true,
    splitting: true,
    packages: "external",
    external: ["*/sdk-part.js"],
    platform: "node",
    target: "node20",
    format: "esm",
    sourcemap: true,
    logLevel: "warning",
  });
  // All that names it lies at the top by now.
  for (const file of readdirSync(dist).filter((name) => name.endsWith(".js"))) {
    const text = readFileSync(join(dist, file), "utf8");
    writeFileSync(join(dist, file), text.replaceAll('from "../sdk-part.js"', 'from "./sdk-part.js"'));
  }
}

/**
 * Puts back what was built. Who was killed while modules were joined left it in its other place, and somebody may have built since: then that is what counts.
 */
function restore(folder) {
  const built = builtOf(folder);
  const dist = join(folder, "dist");
  if (!existsSync(built)) return;
  if (existsSync(join(dist, COMPILED))) return rmSync(built, { recursive: true });
  rmSync(dist, { recursive: true, force: true });
  renameSync(built, dist);
}

function builtOf(folder) {
  return join(folder, ".built");
}
