// The instructions of deploy/docker/Dockerfile, carried out in a folder.
import { chownSync, cpSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { run } from "../processes.mjs";
import { pass } from "./tally.mjs";

/** Whom the recipe runs as. */
export const UID = 1000;

/**
 * Carries the instructions out; only those that the recipe uses are known, so that a new one fails here.
 * @param {{ recipe: string, ignored: string[] }} files the Dockerfile, and the lines of .dockerignore
 * @param {string} context the folder that is copied from
 * @param {string} image the folder of the last stage; those of the others are beside it
 */
export function interpret({ recipe, ignored }, context, image) {
  const stages = new Map();
  const found = { user: undefined, entrypoint: [], command: [], health: [] };
  let stage;
  let cwd = "/";
  for (const line of recipe.split("\n")) {
    const [, instruction, rest = ""] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    if (instruction === undefined) {
      if (line.trim() !== "" && !line.startsWith("#"))
        throw new Error(`the recipe has a line that is not understood: ${line}`);
      continue;
    }
    const words = rest.split(/\s+/);
    const at = (path) => join(stage, path.startsWith("/") ? path : join(cwd, path));
    if (instruction === "FROM") {
      const name = words[1] === "AS" ? words[2] : "last";
      stage = name === "last" ? image : join(dirname(image), `stage-${name}`);
      stages.set(name, stage);
      mkdirSync(stage, { recursive: true });
    } else if (instruction === "WORKDIR") {
      cwd = rest;
      mkdirSync(at("."), { recursive: true });
    } else if (instruction === "COPY") {
      const from = words[0].startsWith("--from=") ? words.shift().slice("--from=".length) : undefined;
      const to = words.pop();
      for (const source of words) {
        if (from === undefined && !ignored.includes(`!${source}`))
          throw new Error(`${source} is not in .dockerignore`);
        const target = from === undefined || words.length > 1 ? join(at(to), source) : at(to);
        mkdirSync(dirname(target), { recursive: true });
        cpSync(from === undefined ? join(context, source) : join(stages.get(from), source), target, {
          recursive: true,
          verbatimSymlinks: true,
        });
      }
    } else if (instruction === "RUN") {
      if (rest.startsWith("npm ci")) run("npm", words.slice(1), { cwd: at(".") });
      else if (rest === "mkdir /spool && chown 1000:1000 /spool") {
        mkdirSync(join(stage, "spool"));
        if (process.getuid?.() === 0) chownSync(join(stage, "spool"), UID, UID);
      } else throw new Error(`the recipe runs something that is not understood: ${rest}`);
    } else if (instruction === "USER") found.user = rest;
    else if (instruction === "ENTRYPOINT") found.entrypoint = JSON.parse(rest);
    else if (instruction === "CMD") found.command = JSON.parse(rest);
    else if (instruction === "HEALTHCHECK") found.health = JSON.parse(rest.slice(rest.indexOf("CMD ") + 4));
    else if (!["ARG", "ENV", "EXPOSE", "VOLUME"].includes(instruction))
      throw new Error(`the recipe has an instruction that is not understood: ${instruction}`);
  }
  pass();
  return found;
}
