// node scripts/copy-joined.mjs FOLDER: the packages as they are published, for programs in that folder that measure what users of npm have.
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { copyJoined } from "./join-modules.mjs";

const [folder] = process.argv.slice(2);
if (folder === undefined) {
  process.stderr.write("say where to: node scripts/copy-joined.mjs FOLDER\n");
  process.exitCode = 1;
} else copyJoined(dirname(dirname(fileURLToPath(import.meta.url))), folder);
