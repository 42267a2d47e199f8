// Compiles every example of the documentation against the built packages, and looks after its links, paths, commands and option names.
//
// An example is a ```ts block of README.md, docs/*.md or packages/*/README.md. Each is compiled as a file of its own, under its own line numbers:
// - a comment with a file name before it (<!-- file-emitter.ts -->) puts all blocks of that name in a document into one file, for others to import;
// - a comment with the path of a YAML file says that the block is that file, word for word;
// - a comment that opens with "given:" holds what a fragment takes for granted, and is compiled in front of it.
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { commandLineProblems } from "./command-lines.mjs";
import { readDocument } from "./read-document.mjs";
import { setup } from "./setup.mjs";

setup();
const root = fileURLToPath(new URL("..", import.meta.url));
// Below the root's node_modules, so that tools which look at sources pass over it.
const work = join(root, "node_modules", ".cache", "check-docs");
const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
const SCOPE = "@kinesis-connectors/";
const problems = [];
/** Scripts of the projects that `kinesis-connectors init` writes; scripts/check-project runs them. */
const OF_A_PROJECT = new Set(["dev", "put", "status", "validate"]);

const documents = filesBelow(root, ".md").map((path) => readDocument(root, path));
const packages = readdirSync(join(root, "packages")).filter((name) =>
  existsSync(join(root, "packages", name, "package.json")),
);
const isShown = (path) => /^(README\.md|docs\/[^/]+\.md|packages\/[^/]+\/README\.md)$/.test(path);
const shown = documents.map(({ path }) => path).filter(isShown);
const compiled = checkExamples(documents.filter(({ path }) => isShown(path)));
for (const document of documents) problems.push(...document.problems);
for (const document of documents) checkLinks(document);
for (const document of documents) checkPaths(document);
checkCommands();
problems.push(...commandLineProblems(root, shown));
for (const name of packages) checkOptionNames(name);
for (const document of documents) checkQuotedFiles(document);

for (const problem of problems) process.stderr.write(`${problem}\n`);
process.stdout.write(
  `${compiled} examples compiled, ${documents.length} documents read; ${problems.length} problems\n`,
);
process.exit(problems.length === 0 ? 0 : 1);

/** Paths below a folder, from the root, without what is installed or built. */
function filesBelow(folder, ...endings) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory())
      return ["node_modules", "dist", "coverage", ".git"].includes(entry.name)
        ? []
        : filesBelow(path, ...endings);
    return endings.some((ending) => entry.name.endsWith(ending))
      ? [relative(root, path).split(sep).join("/")]
      : [];
  });
}

function checkExamples(sources) {
  rmSync(work, { recursive: true, force: true });
  mkdirSync(join(work, "node_modules", SCOPE), { recursive: true });
  writeFileSync(join(work, "package.json"), '{ "type": "module" }');
  const files = new Map(); // a file in the work folder -> its document and lines
  for (const { path, blocks } of sources) {
    const folder = path.replaceAll(/[^\w-]+/g, "_");
    if (
      path.endsWith("README.md") &&
      isImported(path) &&
      (blocks.length === 0 || blocks[0].comment?.text === "given:")
    )
      problems.push(`${path}:1: opens without a whole program`);
    for (const [index, block] of blocks.entries()) {
      const name = /^[\w.-]+\.ts$/.exec(block.comment?.text ?? "")?.[0] ?? `example-${index + 1}.ts`;
      const file = files.get(`${folder}/${name}`) ?? { path, lines: [] };
      files.set(`${folder}/${name}`, file);
      const given = block.comment?.text === "given:" ? block.comment.lines : [];
      file.lines.push(...given, ...block.lines);
      // A syntax error on Node 20 and 22, where TypeScript's types are only stripped.
      for (const { index: line, text } of block.lines)
        if (/^\s*(?:await\s+)?using\s+\w+\s*=/.test(text))
          problems.push(`${path}:${line + 1}: "using" does not run on Node 20 and 22: take try and finally`);
      if (given.length === 0 && !file.lines.some(({ text }) => text.startsWith("import ")))
        problems.push(`${path}:${block.first}: a fragment: say before it, in a comment, what is given`);
    }
  }
  const imported = new Set(["@types/node"]);
  for (const [name, { lines }] of files) {
    const text = [];
    for (const line of lines) text[line.index] = line.text;
    mkdirSync(join(work, dirname(name)), { recursive: true });
    writeFileSync(join(work, name), Array.from(text, (line) => line ?? "").join("\n"));
    for (const [, from] of text
      .join("\n")
      .matchAll(/^(?:import|\}).*?"((?:@[\w.-]+\/)?[\w-][\w.-]*)(?:\/[^"]*)?";$/gm))
      imported.add(from);
  }
  const ours = [...imported].filter((name) => name.startsWith(SCOPE)).map((name) => name.slice(SCOPE.length));
  const missing = ours.filter((name) => !packages.includes(name));
  for (const name of missing) problems.push(`an example imports ${SCOPE}${name}, which is no package here`);
  for (const name of imported) link(name);

  // Up to date after `npm run types`; a fresh clone has nothing built yet.
  const built = ours.filter((name) => packages.includes(name)).map((name) => join("packages", name));
  const build = run(["-b", ...built]);
  if (build.status !== 0) problems.push(build.stdout.trim());
  writeFileSync(
    join(work, "tsconfig.json"),
    JSON.stringify({
      extends: "../../../tsconfig.base.json",
      compilerOptions: {
        noEmit: true,
        composite: false,
        incremental: false,
        isolatedDeclarations: false,
        moduleDetection: "force",
        noUnusedLocals: false,
        noUnusedParameters: false,
        skipLibCheck: true,
        tsBuildInfoFile: null,
        declaration: false,
        declarationMap: false,
        sourceMap: false,
      },
      files: [...files.keys()],
    }),
  );
  const { status, stdout } = run(["-p", join(work, "tsconfig.json"), "--pretty", "false"]);
  const before = problems.length;
  for (const line of stdout.split("\n")) {
    const [, name, row, , text] = /^(.+?)\((\d+),(\d+)\): (.*)$/.exec(line) ?? [];
    const file = name && files.get(relative(work, resolve(root, name)).split(sep).join("/"));
    if (file) problems.push(`${file.path}:${row}: ${text}`);
    else if (line.startsWith(" ") && problems.length > before) problems[problems.length - 1] += `\n${line}`;
    else if (line.trim() !== "") problems.push(line);
  }
  if (status !== 0 && problems.length === before) problems.push(`tsc ended with ${status}`);
  return files.size;
}

/** Whether a document is about something that programs import: a package without `exports` is a command alone. */
function isImported(path) {
  const manifest = join(root, dirname(path), "package.json");
  return path === "README.md" || JSON.parse(readFileSync(manifest, "utf8")).exports !== undefined;
}

/** Makes a package importable for the examples, from wherever the workspace has it. */
function link(name) {
  const at = name.startsWith(SCOPE)
    ? join(root, "packages", name.slice(SCOPE.length))
    : [root, ...packages.map((folder) => join(root, "packages", folder))]
        .map((folder) => join(folder, "node_modules", name))
        .find((path) => existsSync(path));
  if (at === undefined || !existsSync(at)) return; // then tsc says so, with the line
  mkdirSync(dirname(join(work, "node_modules", name)), { recursive: true });
  symlinkSync(at, join(work, "node_modules", name), "junction");
}

function run(args) {
  return spawnSync(process.execPath, [tsc, ...args], { cwd: root, encoding: "utf8" });
}

function checkLinks({ path, prose }) {
  for (const [index, line] of prose.entries()) {
    // What stands in back-quotes is no link, but the text of a link may.
    const text = line.replaceAll(/`[^`]*`/g, "`code`");
    for (const [, target] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const [file, anchor] = target.split("#");
      const to =
        file === ""
          ? path
          : relative(root, resolve(root, dirname(path), file))
              .split(sep)
              .join("/");
      if (to.startsWith("..") || !existsSync(join(root, to)))
        problems.push(`${path}:${index + 1}: ${target} leads nowhere`);
      else if (anchor !== undefined && !documents.find((other) => other.path === to)?.anchors.has(anchor))
        problems.push(`${path}:${index + 1}: ${to} has no heading #${anchor}`);
    }
  }
}

/** Every file or folder of the repository that a text names in back-quotes must exist; a pattern (`packages/*`, `src/<dest>-emitter.ts`) names none, and what is built (`dist`) need not be there. */
function checkPaths({ path, prose }) {
  for (const [index, line] of prose.entries())
    for (const [, name] of line.matchAll(
      /`((?:packages|apps|docs|scripts|sim|bench|\.ci|\.changeset)\/[^`\s]*)`/g,
    ))
      if (!/[*<{]|\.\.\.|\/dist(\/|$)/.test(name) && !existsSync(join(root, name)))
        problems.push(`${path}:${index + 1}: there is no ${name}`);
}

function isAboutProjects(path) {
  return /^(?:docs\/getting-started|packages\/(?:create\/|cli\/src\/init\/|cli\/test\/init)|scripts\/check-project\/)/.test(
    path,
  );
}

/** Every command that a text or a program names must exist: npm scripts, and binaries of our packages. */
function checkCommands() {
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const binaries = new Set(
    packages.flatMap((name) =>
      Object.keys(JSON.parse(readFileSync(join(root, "packages", name, "package.json"), "utf8")).bin ?? {}),
    ),
  );
  for (const path of [...filesBelow(root, ".md", ".ts", ".mjs", ".yml"), ".ci/run"]) {
    const lines = readFileSync(join(root, path), "utf8").split("\n");
    for (const [index, line] of lines.entries()) {
      for (const [, name] of line.matchAll(/npm run (?:-s )?([a-z][\w:-]*)/g))
        if (scripts[name] === undefined && !(OF_A_PROJECT.has(name) && isAboutProjects(path)))
          problems.push(`${path}:${index + 1}: there is no script ${name}: npm run ${name}`);
      for (const [, name] of line.matchAll(/npx (kinesis[\w-]*)/g))
        if (!binaries.has(name)) problems.push(`${path}:${index + 1}: no package has a binary ${name}`);
    }
  }
}

/** A block with the path of a file in a comment before it shows that file, word for word. */
function checkQuotedFiles({ path, quoted }) {
  for (const { first, file, text } of quoted)
    if (!existsSync(join(root, file)) || readFileSync(join(root, file), "utf8").trim() !== text.trim())
      problems.push(`${path}:${first}: this block is not ${file}, as its comment says`);
}

/** Every option that a package's table of options names must be a member of some interface there, or of what it shares. */
function checkOptionNames(name) {
  const document = documents.find(({ path }) => path === `packages/${name}/README.md`);
  if (document === undefined) {
    problems.push(`packages/${name} has no README.md`);
    return;
  }
  const sources = [...new Set([name, "aws", "core"])]
    .flatMap((folder) => filesBelow(join(root, "packages", folder, "src"), ".ts"))
    .map((path) => readFileSync(join(root, path), "utf8"))
    .join("\n");
  let isOptions = false;
  for (const [index, line] of document.prose.entries()) {
    if (!line.startsWith("|")) isOptions = false;
    else if (line.startsWith("| option ")) isOptions = true;
    else if (isOptions)
      for (const [, path] of (line.split("|")[1] ?? "").matchAll(/`([A-Za-z][\w.]*)`/g))
        for (const member of path.split("."))
          if (!new RegExp(`\\b${member}\\??:`).test(sources))
            problems.push(`${document.path}:${index + 1}: there is no option ${path}`);
  }
}
