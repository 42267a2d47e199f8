import { readdirSync } from "node:fs";
import { expect, it } from "vitest";
import { allCommands } from "../src/app/routes.js";
import { compileSchema } from "./support/schemas.js";

const FOLDER = new URL("../schemas/", import.meta.url);

/** What prints something else than JSON: scripts of a shell. */
const WITHOUT_JSON = ["completions"];

it("every command has --json and a schema of what it then prints; no schema is of anything else", async () => {
  const commands = await allCommands();
  const named = commands
    .filter(({ command }) => command.usesFlag("json", "original"))
    .map(({ words }) => words.join("-"));
  expect(
    commands
      .map(({ words }) => words.join("-"))
      .filter((name) => !named.includes(name))
      .toSorted(),
  ).toEqual(WITHOUT_JSON);
  const files = readdirSync(FOLDER).map((file) => file.replace(".schema.json", ""));
  expect(files.toSorted()).toEqual([...named, "error"].toSorted());
  for (const file of files) expect(compileSchema(file)).toBeTypeOf("function");
});

it("every command that talks to AWS has the flags for the way there", async () => {
  const local = new Set([
    "run",
    "validate",
    "estimate",
    "config",
    "health",
    "drain",
    "init",
    "completions",
    "version",
  ]);
  for (const { words, command } of await allCommands()) {
    if (local.has(words[0] ?? "")) continue;
    for (const flag of ["region", "profile", "endpointKinesis", "endpointDynamodb", "config"])
      expect([words, flag, command.usesFlag(flag, "original")]).toEqual([words, flag, true]);
  }
});
