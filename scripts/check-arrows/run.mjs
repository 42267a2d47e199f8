// Holds the arrows between packages, and between the rooms of one: reads every import of every `src`, types included, and the dependencies
// of every package.json. Finds circles of imports too, those of tests and scripts included. Prints each arrow that breaks and each circle, with the file
// and line of it. A folder as its argument is looked at instead.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { circlesOf } from "./circles.mjs";
import { importsOf } from "./imports.mjs";

const root = resolve(process.argv[2] ?? fileURLToPath(new URL("../..", import.meta.url)));
const SCOPE = "@kinesis-connectors/";

/** What a package may import of ours, where it differs from `OTHERS`. */
const MAY_IMPORT = {
  core: [],
  wire: ["core"],
  aws: ["core"],
  leases: ["core"],
  "leases-mysql": ["core", "leases"],
  "leases-redis": ["core", "leases"],
  "aws-records": ["core"],
  avro: ["core"],
  protobuf: ["core"],
  "schema-registry": ["core", "aws"],
  consumer: ["core", "leases", "wire", "aws"],
  redshift: ["core", "leases", "wire", "aws", "s3"],
  parquet: ["core", "s3"],
  iceberg: ["core", "aws", "s3", "parquet"],
  config: ["core", "leases", "wire", "aws", "consumer"],
  telemetry: ["core", "consumer"],
  testkit: ["core", "leases"],
  cli: ["core", "aws", "wire", "leases", "consumer", "telemetry", "config", "admin", "console", "replay"],
  create: ["cli"],
  admin: ["core", "leases", "wire", "consumer", "telemetry", "console"],
  console: [],
  local: [],
  cdk: ["core"],
  lambda: ["core", "leases", "wire", "aws", "consumer"],
  kcl: ["core", "leases", "wire", "aws", "consumer"],
  replay: ["core", "leases", "wire", "aws", "consumer", "s3", "parquet"],
};

/**
 * Other drivers of the same engine: of the consumer they import these paths alone, which bring no more than they name, and never the process of the
 * connector itself.
 */
const PATHS = { consumer: ["reading", "user-records", "dynamodb-leases", "kinesis"] };
const BY_PATH = new Set(["lambda", "kcl", "replay"]);

/** A destination, a format or a store of leases: any package that has no line above. */
const OTHERS = ["core", "leases", "wire", "aws"];

/** Folders of programs: they may import every package and each other, and no package imports them. */
const PROGRAMS = ["apps/*", "bench", "sim", "interop", "servers"];

/**
 * The rooms of a package, from the top down: a file imports from its own room and from the lines below. `.` is the top of `src`, and `*` all rooms
 * that are not named, which may import each other. The `index.ts` at the top may import everything.
 */
const ROOMS = {
  core: [["engine"], ["*"]],
  admin: [["."], ["routes", "console"], ["http"], ["watching"]],
  config: [["."], ["building", "properties"], ["parts"], ["checking"], ["file"], ["document"]],
  replay: [["."], ["repair"], ["sources"], ["archive"]],
  parquet: [["."], ["evolution", "files"], ["columns"]],
  consumer: [["."], ["engines"], ["reading"], ["worker", "lease-table"], ["kinesis"]],
};

/** Folders that hold nothing written by hand. */
const BUILT = new Set(["node_modules", "dist", "coverage", "target"]);

const problems = [];

const members = [...PROGRAMS, "packages/*"].flatMap((pattern) => foldersOf(pattern).map(readMember));
const byName = new Map(members.map((member) => [member.name, member]));
for (const member of members) {
  checkDependencies(member);
  for (const file of sourcesBelow(join(member.folder, "src"))) checkFile(member, file);
}

const sources = [...members.map(({ folder }) => folder), join(root, "scripts")].flatMap(sourcesBelow);
const circles = circlesOf(sources);
for (const { file, line, circle } of circles)
  problems.push(
    `${pathOf(file)}:${line}: a circle of imports, ${circle.map(pathOf).join(" -> ")}: what two of them need lives in the lower one, or is handed to it`,
  );

for (const problem of problems) process.stderr.write(`${problem}\n`);
process.stdout.write(
  `${members.length} packages and ${sources.length} files read; ${problems.length - circles.length} arrows that break, ${circles.length} circles\n`,
);
process.exit(problems.length === 0 ? 0 : 1);

/** Folders of a pattern that hold a package.json. */
function foldersOf(pattern) {
  const parent = join(root, dirname(pattern));
  const folders = !pattern.endsWith("/*")
    ? [join(root, pattern)]
    : existsSync(parent)
      ? readdirSync(parent).map((name) => join(parent, name))
      : [];
  return folders.filter((folder) => existsSync(join(folder, "package.json")));
}

function readMember(folder) {
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const path = pathOf(folder);
  const isProgram = !path.startsWith("packages/");
  const short = path.replace(/^packages\//, "");
  return { folder, path, manifest, name: manifest.name, isProgram, short };
}

function pathOf(file) {
  return relative(root, file).split(sep).join("/");
}

/** Paths of what is written by hand in a folder, in order: not what is installed or built there. */
function sourcesBelow(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return BUILT.has(entry.name) ? [] : sourcesBelow(path);
      return /\.[cm]?[jt]sx?$/.test(entry.name) ? [path] : [];
    })
    .toSorted((one, other) => (one < other ? -1 : 1));
}

/** What a user of a published package installs with it. Tests may depend on everything. */
function checkDependencies(member) {
  const lines = readFileSync(join(member.folder, "package.json"), "utf8").split("\n");
  for (const kind of ["dependencies", "peerDependencies", "optionalDependencies"]) {
    for (const name of Object.keys(member.manifest[kind] ?? {})) {
      const line = lines.findIndex((text) => text.includes(`"${name}":`)) + 1;
      checkPackage(member, name, `${member.path}/package.json:${line}`, kind);
    }
  }
}

function checkFile(member, file) {
  for (const { specifier, line } of importsOf(readFileSync(file, "utf8"))) {
    const where = `${pathOf(file)}:${line}`;
    if (specifier.startsWith(".")) checkRooms(member, file, resolve(dirname(file), specifier), where);
    else {
      const [scope, name, ...path] = specifier.split("/");
      checkPackage(member, `${scope}/${name}`, where, `"${specifier}"`);
      checkPath(member, name, path.join("/"), where);
    }
  }
}

function checkPackage(member, name, where, what) {
  if (!name.startsWith(SCOPE)) return;
  const target = byName.get(name);
  if (target === undefined) {
    problems.push(`${where}: ${name} is none of ours (${what})`);
    return;
  }
  if (target === member || member.isProgram) return;
  const allowed = MAY_IMPORT[member.short] ?? OTHERS;
  if (allowed.includes(target.short)) return;
  const list = allowed.length === 0 ? "nothing of ours" : allowed.join(", ");
  problems.push(
    `${where}: the arrow ${member.short} -> ${target.short} breaks (${what}): ${member.short} may import ${list}`,
  );
}

function checkPath(member, name, path, where) {
  if (member.isProgram || !BY_PATH.has(member.short) || !(name in PATHS)) return;
  if (PATHS[name].includes(path)) return;
  const allowed = PATHS[name].map((each) => `${name}/${each}`).join(", ");
  problems.push(`${where}: ${member.short} imports ${name} by these paths alone: ${allowed}`);
}

function checkRooms(member, file, target, where) {
  if (!target.startsWith(member.folder + sep)) {
    problems.push(`${where}: reaches out of ${member.path} by a path: import the package by its name`);
    return;
  }
  const source = join(member.folder, "src");
  const rooms = member.isProgram ? undefined : ROOMS[member.short];
  if (rooms === undefined || relative(source, file) === "index.ts" || !target.startsWith(source + sep))
    return;
  const from = roomOf(rooms, source, file);
  const to = roomOf(rooms, source, target);
  if (from.level === -1) {
    problems.push(
      `${where}: ${from.room}/ of ${member.short} is no room yet: say in ROOMS of this check where it belongs`,
    );
    return;
  }
  if (to.room === from.room || to.level > from.level) return;
  if (to.level === from.level && rooms[to.level]?.includes("*")) return;
  const order = rooms.map((names) => names.map(shown).join(" and ")).join(" -> ");
  problems.push(
    `${where}: the arrow ${shown(from.room)} -> ${shown(to.room)} inside ${member.short} breaks: the rooms are ${order}`,
  );
}

/** The room of a file, and how far down it is; -1 where it has no line. */
function roomOf(rooms, source, file) {
  const parts = relative(source, file).split(sep);
  const room = parts.length === 1 ? "." : parts[0];
  const level = rooms.findIndex((names) => names.includes(room));
  return { room, level: level === -1 ? rooms.findIndex((names) => names.includes("*")) : level };
}

function shown(room) {
  if (room === "*") return "all other rooms";
  return room === "." ? "the top of src" : `${room}/`;
}
