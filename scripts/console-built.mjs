// Whether what a browser loads has to be built, which TypeScript's own build knows nothing of.
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** What `packages/console/build.mjs` makes its files of. */
const SOURCES = ["app", "public", "build.mjs", "package.json"];

/** Whether the program serves the console: by the command of that name, or as part of the server of its process. */
export function servesConsole(words) {
  if (words.includes("--help") || words.includes("-h")) return false;
  return (
    words[0] === "console" ||
    words[0] === "run" ||
    words.some((word) => /^--(?:console|admin)(?:=|$)/.test(word))
  );
}

/** Whether the files in `dist/app` of the package's folder are there, and none of their sources is younger. */
export function isConsoleBuilt(folder) {
  const built = statSync(join(folder, "dist/app/index.html"), { throwIfNoEntry: false });
  if (built === undefined) return false;
  return SOURCES.every((name) => youngestMs(join(folder, name)) <= built.mtimeMs);
}

function youngestMs(path) {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return 0;
  if (!found.isDirectory()) return found.mtimeMs;
  // A folder is younger than a file that was taken out of it.
  return Math.max(found.mtimeMs, ...readdirSync(path).map((name) => youngestMs(join(path, name))));
}
