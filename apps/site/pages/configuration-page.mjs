// docs/configuration.md: every key of a configuration file, from the JSON Schemas that are made of the types.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PARTS } from "../schemas/compose.mjs";
import { anchorOf, either, page, table } from "./markdown.mjs";

/** Keys whose value another package brings. */
const ANY_PACKAGE = "`type`, and [the options of that package](#destinations)";

/** The page. */
export function configurationPage(root) {
  const read = (path) => JSON.parse(readFileSync(join(root, path), "utf8")).definitions;
  const file = read("packages/config/pipeline.schema.json");
  const packages = Object.keys(PARTS).map((name) => ({
    name,
    definitions: read(`packages/${name}/config.schema.json`),
  }));
  const shared = sharedIn([file, ...packages.map(({ definitions }) => definitions)]);
  const own = { definitions: file, shared, prefix: "" };
  return page([
    "# Configuration",
    "<!-- made by npm run pages, from the JSON Schemas of the packages -->",
    `Every key of a [file that is a connector](../packages/config/README.md), which \`kinesis-connectors run\` runs and \`kinesis-connectors validate\` checks. The names are those
of the options in code. An editor shows the same: begin the file with
\`# yaml-language-server: $schema=./node_modules/@kinesis-connectors/config/schema.json\`.`,
    `Numbers of bytes and times take units (\`64 MiB\`, \`60 s\`); any value may hold variables (\`\${NAME}\`, \`\${NAME:-default}\`). What has no default and is not marked as
required may be left out.`,
    "## The file",
    membersOf(file.ConnectorFile, own),
    ...sectionsFrom(file.ConnectorFile, own).flatMap((name) => sectionOf(name, own)),
    "## Destinations",
    `\`type\` names the package: \`s3\` is \`@kinesis-connectors/s3\`, installed beside the file. Each of them takes its own options, and no others.`,
    packages.map(({ name, definitions }) => {
      const scope = { definitions, shared, prefix: `${name}: ` };
      const roots = [...new Set(Object.values(PARTS[name]))];
      const below = roots.map((root) => [root, sectionsFrom(definitions[root], scope)]).flat(2);
      return [
        `## type: ${name}`,
        `As ${either(placesOf(name))}. In words: [\`@kinesis-connectors/${name}\`](../packages/${name}/README.md).`,
        [...new Set(below)].filter((each) => !shared.has(each)).map((each) => sectionOf(each, scope)),
      ];
    }),
    "## Shared",
    ...[...shared]
      .filter(([, node]) => isSection(node))
      .flatMap(([name]) => sectionOf(name, { definitions: Object.fromEntries(shared), shared, prefix: "" })),
  ]);
}

/** Where a part may stand: `emitter`, `deadLetters`... */
function placesOf(name) {
  return Object.keys(PARTS[name]).map((place) => `\`${place}\``);
}

/** Definitions that several schemas have, word for word. */
function sharedIn(schemas) {
  const shared = new Map();
  const seen = new Map();
  for (const definitions of schemas)
    for (const [name, node] of Object.entries(definitions)) {
      const text = JSON.stringify(node);
      if (seen.get(name) === text) shared.set(name, node);
      else seen.set(name, text);
    }
  return shared;
}

/** Names of the sections that a definition leads to, in the order in which it does. */
function sectionsFrom(node, scope, found = []) {
  for (const name of refsIn(node)) {
    const to = scope.definitions[name];
    if (scope.shared.has(name) || to === undefined || found.includes(name)) continue;
    if (isSection(to)) found.push(name);
    sectionsFrom(to, scope, found);
  }
  return found;
}

function refsIn(node) {
  if (Array.isArray(node)) return node.flatMap(refsIn);
  if (typeof node !== "object" || node === null) return [];
  return Object.entries(node).flatMap(([key, value]) => (key === "$ref" ? [nameIn(value)] : refsIn(value)));
}

const nameIn = (ref) => decodeURIComponent(ref.slice("#/definitions/".length));

/** Whether a definition has a section of its own: it has members, or is a choice among such. */
function isSection(node) {
  return (
    node.properties !== undefined || refsIn(node).length > 1 || (node.description?.includes("| ---") ?? false)
  );
}

function sectionOf(name, scope) {
  const node = scope.definitions[name];
  const choices =
    node.properties === undefined || node.allOf !== undefined ? alternativesOf(node, scope) : [];
  return [
    `### ${headingOf(name, scope)}`,
    describedAs(node.description),
    choices.length > 1 ? `One of ${either(choices)}.` : "",
    choices.length > 1 ? "" : membersOf(node, scope),
  ];
}

function headingOf(name, { shared, prefix }) {
  return shared.has(name) ? name : `${prefix}${name}`;
}

/** A line for each key of an object. */
function membersOf(node, scope) {
  const lines = Object.entries(node.properties ?? {})
    .sort(([one], [other]) => rankOf(one, node) - rankOf(other, node))
    .map(([name, member]) => {
      const isRequired = node.required?.includes(name) ?? false;
      const text = member.description ?? targetOf(member, scope)?.description;
      return `- \`${name}\`: ${takes(member, scope)}${isRequired ? ", required" : ""}.${text === undefined ? "" : ` ${describedAs(text)}`}`;
    });
  return lines.join("\n");
}

/** What says which object this is comes first, then what must be given. */
function rankOf(name, { required = [] }) {
  if (name === "type") return 0;
  return required.includes(name) ? 1 : 2;
}

/** The definition that a member is, where that has no section to be told in. */
function targetOf(member, { definitions }) {
  const to = member.$ref === undefined ? undefined : definitions[nameIn(member.$ref)];
  return to === undefined || isSection(to) ? undefined : to;
}

/** A description on one line; a table in it keeps its rows, which the generator of schemas has put behind one another. */
function describedAs(text) {
  if (text === undefined) return undefined;
  const [before, rows, after] = text.split(/\n\n/);
  if (!(rows?.startsWith("| ") ?? false)) return text.replaceAll(/\s+/g, " ");
  const [head, , ...cells] = rows
    .slice(2, -2)
    .split(/ \| \| /)
    .map((row) => row.split(/ (?<!\\)\| /).map((cell) => cell.replaceAll(String.raw`\|`, "|")));
  return [before, table(head, cells), after].join("\n\n");
}

/** What a value may be, in words. */
function takes(node, scope) {
  if (node === true || node === undefined) return "anything";
  if (node.part !== undefined)
    return either([...(node.then === undefined ? [] : alternativesOf(node.then, scope)), ANY_PACKAGE]);
  return either([...new Set(alternativesOf(node, scope))]) || "anything";
}

function alternativesOf(node, scope) {
  if (node.$ref !== undefined) return [refTaken(nameIn(node.$ref), scope)];
  if (node.allOf !== undefined) return node.allOf.flatMap(({ then }) => alternativesOf(then, scope));
  if (node.then !== undefined) {
    // `string` or a boolean that is only one of the two: the type says the one, the condition the other.
    const rest =
      node.else === undefined
        ? scalarsOf({ ...node, type: without(node.type, node.if.type) })
        : alternativesOf(node.else, scope);
    return [...alternativesOf(node.then, scope), ...rest];
  }
  if (node.type === "array") return node.items === undefined ? [] : [`a list of ${takes(node.items, scope)}`];
  // What none of the alternatives fits: it has all their keys, for the sake of its message.
  if (node.anyOf !== undefined) return [];
  if (node.properties !== undefined)
    return [
      `{ ${Object.keys(node.properties)
        .map((name) => `\`${name}\``)
        .join(", ")} }`,
    ];
  if (node.type === "object")
    return typeof node.additionalProperties === "object" && Object.keys(node.additionalProperties).length > 0
      ? [`an object of ${takes(node.additionalProperties, scope)} by name`]
      : ["an object"];
  return scalarsOf(node);
}

function refTaken(name, scope) {
  const node = scope.definitions[name];
  if (node === undefined) return name;
  return isSection(node) ? `[${name}](#${anchorOf(headingOf(name, scope))})` : takes(node, scope);
}

function without(types, type) {
  return [types ?? []].flat().filter((each) => each !== type);
}

function scalarsOf({ type, enum: values, const: value, pattern }) {
  if (values !== undefined) return values.map((each) => `\`${each}\``);
  if (value !== undefined) return [`\`${value}\``];
  if (pattern?.includes("KiB")) return ["bytes"];
  if (pattern?.includes("|min|")) return ["a time"];
  const words = {
    string: "text",
    number: "a number",
    integer: "a whole number",
    boolean: "true or false",
    null: "null",
  };
  return [type ?? []].flat().map((each) => words[each] ?? each);
}
