// Builds what a browser loads into dist/app. `buildConsole(folder)` builds it elsewhere, for tests.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const root = fileURLToPath(new URL("app/", import.meta.url));

/** Builds the browser's files into a folder, which is emptied first. */
export async function buildConsole(outDir = fileURLToPath(new URL("dist/app/", import.meta.url))) {
  await build({
    configFile: false,
    root,
    publicDir: fileURLToPath(new URL("public/", import.meta.url)),
    logLevel: "warn",
    // Relative: a proxy may serve the console below a path of its own.
    base: "./",
    oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
    build: {
      outDir,
      emptyOutDir: true,
      target: "es2022",
      modulePreload: false,
      // A picture in a data: URL would be one that the content security policy refuses.
      assetsInlineLimit: 0,
      reportCompressedSize: false,
    },
  });
  writeFileSync(join(outDir, "licenses.txt"), BUNDLED.map(licenceOf).join("\n"));
}

/** What is in the bundle besides our own: their licences go with every copy. */
const BUNDLED = ["preact", "uplot"];

function licenceOf(name) {
  const file = createRequire(import.meta.url).resolve(`${name}/package.json`);
  const { version } = JSON.parse(readFileSync(file, "utf8"));
  return `${name} ${version}\n\n${readFileSync(join(dirname(file), "LICENSE"), "utf8")}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildConsole();
