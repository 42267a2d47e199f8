// What a program says of its flags, without running it.
import { existsSync, readdirSync, readFileSync } from "node:fs";

/**
 * The text that `--help` prints: the template literal of the constant USAGE in the entry's source, or in one of the files beside it that has the entry's
 * options. Undefined where it is put together by the program itself.
 */
export function usageOf(folder, entry) {
  const source = `${folder}/${entry.replace(/\.js$/, ".ts")}`;
  const own = existsSync(source) ? usageIn(readFileSync(source, "utf8")) : undefined;
  if (own !== undefined) return own;
  const others = existsSync(folder)
    ? readdirSync(folder).filter((name) => name === "options.ts" || name === "flags.ts")
    : [];
  for (const name of others) {
    const text = usageIn(readFileSync(`${folder}/${name}`, "utf8"));
    if (text !== undefined) return text;
  }
  return undefined;
}

function usageIn(source) {
  const text = /\bUSAGE(?:: string)? = `((?:[^`\\$]|\\.|\$(?!\{))*)`/.exec(source)?.[1];
  return text?.replaceAll(/\\(.)/g, "$1");
}

/** Whether help is asked for one command of several, which the program itself has: `COMMAND --help`. */
export function isOfOneCommand(usage, given) {
  return /^\S.* COMMAND\b/.test(usage) && given[0]?.startsWith("-") === false;
}

const NPMS_OWN = new Set(["prefix", "registry"]);

/**
 * Flags that npm took for options of its own because `--` was forgotten: it leaves them in the environment, `--records 5` as npm_config_records=true and a
 * lone 5. `prefix` and `registry` are npm's own and may be there always.
 */
export function keptByNpm(usage, given, environment) {
  const names = new Set([...usage.matchAll(/--([a-z][a-z-]*)/g)].map(([, name]) => name));
  return [...names]
    .filter((name) => {
      const value = environment[`npm_config_${name.replaceAll("-", "_")}`];
      return !NPMS_OWN.has(name) && value !== undefined && value !== "" && !given.includes(`--${name}`);
    })
    .map((name) => `--${name}`);
}

/**
 * Ends the program where npm kept a flag for itself: without it, it would do something else than was meant.
 * @param {string} usage what `--help` prints
 * @param {readonly string[]} given the words behind the command
 */
export function refuseKept(usage, given) {
  const kept = keptByNpm(usage, given, process.env);
  if (kept.length === 0) return;
  const command = process.env["npm_lifecycle_event"] ?? "";
  process.stderr.write(
    `npm kept ${kept.join(" and ")} for itself: put -- in front of the flags, npm run ${command} -- ${kept.join(" ")} ...\n`,
  );
  process.exit(2);
}
