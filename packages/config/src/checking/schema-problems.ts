import type { ErrorObject } from "ajv";
import { type JsonSchema, nearestNames } from "@kinesis-connectors/core/config";
import type { ConfigDocument } from "../document/config-document.js";
import { keyOf, type Path, shownPath } from "../document/path.js";
import { unitsOf } from "../document/units.js";
import type { Problem } from "../document/problem.js";

/** Checks values against a schema; undefined when they fit, else all errors. */
type Check = (value: unknown) => readonly ErrorObject[];

const checks = new WeakMap<JsonSchema, Check>();

/** Compiles a schema, once. */
async function checkOf(schema: JsonSchema): Promise<Check> {
  const known = checks.get(schema);
  if (known !== undefined) return known;
  // Loaded here, so that a program that reads no file starts without it.
  const { Ajv } = await import("ajv");
  // Schemas of other packages may have keywords of their own, as ours have.
  const validate = new Ajv({ allErrors: true, verbose: true, strict: false, validateFormats: false }).compile(
    schema,
  );
  const check: Check = (value) => (validate(value) ? [] : (validate.errors ?? []));
  checks.set(schema, check);
  return check;
}

/**
 * What is wrong with a part of the file, one problem for each defect.
 *
 * @param part its schema and values, where it stands in the file, and what it is called in messages
 */
export async function schemaProblems(
  document: ConfigDocument,
  part: { readonly schema: JsonSchema; readonly value: unknown; readonly root: Path; readonly owner: string },
): Promise<readonly Problem[]> {
  const check = await checkOf(part.schema);
  return defectsOf(check(part.value), part.root, part.owner).map(({ subject, message }) =>
    document.problem(subject, message),
  );
}

/** A defect: what it is about, which decides whether two errors are the same one. */
interface Defect {
  readonly subject: Path;
  readonly message: string;
}

function defectsOf(errors: readonly ErrorObject[], root: Path, owner: string): readonly Defect[] {
  const pathOf = ({ instancePath }: ErrorObject): Path => [...root, ...pointer(instancePath)];
  const unknown = errors.filter(({ keyword }) => keyword === "additionalProperties");
  const strangers = unknown.map((error) => {
    const name = String(error.params["additionalProperty"]);
    const known = namesOf(error.parentSchema).filter((one) => one !== "type" && one !== "$schema");
    return { error, name, known, meant: nearestNames(name, known), path: keyOf(pathOf(error)) };
  });
  // What has the wrong type is wrong in nothing else.
  const wrongType = errors.filter(({ keyword }) => keyword === "type").map((error) => pathOf(error));
  const isWithin = (path: Path): boolean =>
    wrongType.some(
      (outer) => path.length > outer.length && outer.every((name, index) => path[index] === name),
    );

  const defects = new Map<string, Defect>();
  const add = (subject: Path, message: string): void => {
    const key = keyOf(subject);
    if (!defects.has(key)) defects.set(key, { subject, message });
  };
  for (const error of [...errors].sort((one, other) => rankOf(one) - rankOf(other))) {
    const path = pathOf(error);
    if (isWithin(path)) continue;
    const own = shownPath(path);
    const here = strangers.filter((stranger) => stranger.path === keyOf(path));
    switch (error.keyword) {
      case "if":
        break;
      case "additionalProperties": {
        const stranger = here.find((one) => one.error === error);
        if (stranger !== undefined)
          add([...path, stranger.name], strangerMessage(own, stranger, root, owner));
        break;
      }
      case "required": {
        const name = String(error.params["missingProperty"]);
        // Of several that would do, and of one that is there under a wrong name, something else tells.
        if (error.schemaPath.includes("/anyOf/") || here.some(({ meant }) => meant.includes(name))) break;
        add([...path, name], `${own === "" ? "" : `${own}.`}${name} is missing${choicesOf(error, name)}`);
        break;
      }
      case "anyOf":
        if (here.length === 0) add(path, `${own} needs one of ${alternativesOf(error).join(", ")}`);
        break;
      default:
        add(path, `${own === "" ? "the file" : own} ${sentenceOf(error, path)}`);
    }
  }
  return [...defects.values()];
}

/** The type says most, and an alternative that does not fit least. */
function rankOf({ keyword }: ErrorObject): number {
  return ["type", "enum", "const"].indexOf(keyword) === -1 ? 1 : 0;
}

function strangerMessage(
  own: string,
  stranger: { readonly name: string; readonly known: readonly string[]; readonly meant: readonly string[] },
  root: Path,
  owner: string,
): string {
  const { name, known, meant } = stranger;
  const inside = own === shownPath(root) ? owner : own;
  const cure =
    meant.length > 0
      ? `did you mean ${meant.join(" or ")}?`
      : `it has ${known.length === 0 ? "no options" : known.join(", ")}`;
  return `${own === "" ? "" : `${own}.`}${name} is not an option of ${inside}; ${cure}`;
}

function choicesOf({ parentSchema }: ErrorObject, name: string): string {
  const choices = propertiesOf(parentSchema)[name]?.["enum"];
  return Array.isArray(choices) ? `: it is one of ${choices.map(String).join(", ")}` : "";
}

function alternativesOf({ parentSchema }: ErrorObject): readonly string[] {
  const alternatives = (parentSchema as JsonSchema)["anyOf"] as readonly {
    readonly required?: readonly string[];
  }[];
  return alternatives.flatMap(({ required = [] }) => required);
}

const KINDS: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  integer: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a mapping of options",
  null: "null",
};

/** What an option takes. What was given is left out: it may be a secret in the wrong place. */
function sentenceOf(error: ErrorObject, path: Path): string {
  const { keyword, params, parentSchema, data } = error;
  switch (keyword) {
    case "type": {
      const unit = unitSentence(path);
      if (unit !== undefined) return unit;
      const types: unknown[] = [params["type"]].flat();
      return `must be ${list([...types.map((type) => KINDS[String(type)] ?? String(type)), ...orElse(parentSchema)])}`;
    }
    case "pattern":
      return unitSentence(path) ?? "does not have the form that it must have";
    case "const":
      return `must be ${JSON.stringify(params["allowedValue"])}`;
    case "enum": {
      const choices = (params["allowedValues"] as readonly unknown[]).map(String);
      const meant = typeof data === "string" ? nearestNames(data, choices) : [];
      return `must be ${list([...choices, ...orElse(parentSchema)])}${meant.length > 0 ? `; did you mean ${meant.join(" or ")}?` : ""}`;
    }
    case "minimum":
    case "maximum":
      return `must be ${rangeOf(parentSchema as JsonSchema, path)}`;
    default:
      return error.message ?? "is not what it must be";
  }
}

function rangeOf(node: JsonSchema, path: Path): string {
  const [least, most] = [node["minimum"], node["maximum"]].map((limit) =>
    typeof limit === "number" ? limit : undefined,
  );
  const name = path.at(-1) ?? "";
  const unit = unitsOf(name) === undefined ? "" : name.endsWith("Ms") ? " ms" : " bytes";
  if (most === undefined) return `${least}${unit} or more`;
  return least === undefined ? `${most}${unit} at most` : `a number from ${least} to ${most}${unit}`;
}

function unitSentence(path: Path): string | undefined {
  const name = path.at(-1) ?? "";
  if (unitsOf(name) === undefined) return undefined;
  return name.endsWith("Ms")
    ? "must be a whole number of milliseconds, or a time such as 500 ms, 60 s, 5 min or 1 h"
    : "must be a whole number of bytes, or a size such as 512 KiB or 64 MiB";
}

function orElse(node: unknown): readonly string[] {
  const others = (node as JsonSchema | undefined)?.["orElse"];
  return Array.isArray(others) ? others.map(String) : [];
}

function list(choices: readonly string[]): string {
  if (choices.length < 2) return choices.join("");
  return `${choices.slice(0, -1).join(", ")} or ${choices.at(-1)}`;
}

function propertiesOf(node: unknown): Readonly<Record<string, JsonSchema | undefined>> {
  return ((node as JsonSchema | undefined)?.["properties"] ?? {}) as Readonly<
    Record<string, JsonSchema | undefined>
  >;
}

function namesOf(node: unknown): readonly string[] {
  return Object.keys(propertiesOf(node));
}

function pointer(text: string): readonly string[] {
  return text
    .split("/")
    .slice(1)
    .map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"));
}
