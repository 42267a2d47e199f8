// What is published of the packages that every connector loads: one file for each entry instead of one for each source. Node takes most of a
// millisecond for each file that it loads, and these have some 350.
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
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

/**
 * Runs something, such as packing, while the packages have their modules joined in `dist`; what was built stands there again afterwards.
 * @template Result
 * @param {string} root of the workspace
 * @param {() => Result} run
 * @returns {Result}
 */
export function whileJoined(root, run) {
  const folders = JOINED.map((name) => ({ name, folder: join(root, "packages", name) }));
  try {
    for (const { name, folder } of folders) joinModules(name, folder);
    return run();
  } finally {
    for (const { folder } of folders) restore(folder);
  }
}

function joinModules(name, folder) {
  restore(folder);
  const dist = join(folder, "dist");
  const built = builtOf(folder);
  renameSync(dist, built);
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
  for (const file of readdirSync(built, { recursive: true }).map(String)) {
    if (!/\.d\.ts(\.map)?$/.test(file)) continue;
    mkdirSync(dirname(join(dist, file)), { recursive: true });
    copyFileSync(join(built, file), join(dist, file));
  }
}

function restore(folder) {
  const built = builtOf(folder);
  if (!existsSync(built)) return;
  rmSync(join(folder, "dist"), { recursive: true, force: true });
  renameSync(built, join(folder, "dist"));
}

function builtOf(folder) {
  return join(folder, ".built");
}
