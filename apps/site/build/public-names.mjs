// What a public name owes its readers: a docstring, and that every type in it has a page too.
import * as typedoc from "typedoc";

const { ReflectionKind } = typedoc;
/** What stands in an index: each has a page of its own. */
const NAMES =
  ReflectionKind.Class |
  ReflectionKind.Interface |
  ReflectionKind.TypeAlias |
  ReflectionKind.Enum |
  ReflectionKind.Variable |
  ReflectionKind.Function;
/** What a class or an interface does. */
const ACTS = ReflectionKind.Method | ReflectionKind.Accessor;
/** Interfaces whose members a user writes down. Members of others are read, and may speak by their names. */
const WRITTEN = /(?:Options|Config|Props)$/;

/** A unit at the end of a name, or a plural in it: what `maxRecords` counts is records. */
const MEASURED_NAME = /(?:Ms|KiB|MiB|Percent)$|(?:^|[a-z])[A-Za-z]?[a-z]+[^sui]s(?:$|[A-Z])/;
/** A unit in words; or a plural at the beginning, which is what is counted: "Requests under way at a time", and not "Limits the requests". */
const MEASURED_TEXT =
  /\b(?:(?:milli)?seconds?|minutes?|hours?|days?|bytes|KiB|MiB|percent|units?)\b|%|^(?:(?:[Tt]he )?(?:[Mm]ost|[Ff]ewest|[Hh]ow many) )?[A-Za-z]+[^sui]s\b(?! (?:the|an?|its?|what|how|whether|where)\b)/;
/** Numbers that measure nothing. */
const NO_MEASURE = /\b(?:port|seed|number of the)\b/i;

/**
 * Public names without a docstring, options without one, options that may be left out and do not say what holds then, and options that are numbers of
 * nobody knows what: a line for each.
 *
 * @param project as TypeDoc converted it
 */
export function undocumentedNames(project) {
  const missing = new Set();
  for (const reflection of Object.values(project.reflections)) {
    if (!reflection.isDeclaration() || isFromOutside(reflection)) continue;
    if (reflection.kindOf(NAMES | ACTS) && !reflection.inheritedFrom && !isDocumented(reflection))
      missing.add(`${placeOf(reflection)}: ${nameOf(reflection)} has no docstring`);
    else if (isOption(reflection)) {
      if (!isDocumented(reflection))
        missing.add(`${placeOf(reflection)}: ${nameOf(reflection)} is an option without a docstring`);
      else if (
        owesDefault(reflection) &&
        !/\b(?:[Dd]efaults?|[Ww]ithout|[Nn]eeded)\b/.test(textOf(reflection))
      )
        missing.add(
          `${placeOf(reflection)}: ${nameOf(reflection)} may be left out, and does not say its default`,
        );
      if (isNumber(reflection) && !saysWhatItMeasures(reflection))
        missing.add(
          `${placeOf(reflection)}: ${nameOf(reflection)} is a number without a unit, in its name or in its docstring`,
        );
    }
  }
  return [...missing];
}

/**
 * Types of ours that a public name mentions and that have no page, because no index exports them: a line for each.
 *
 * @param project as TypeDoc converted it
 */
export function unexportedTypes(project) {
  const missing = new Map();
  for (const { type, owner } of referencesOf(project)) {
    if (type.reflection || type.externalUrl || type.isIntentionallyBroken()) continue;
    if (!type.package?.includes("kinesis-connectors") || project.symbolIdHasBeenRemoved(type.symbolId))
      continue;
    const place = `${type.package}/${type.symbolId?.packagePath}`;
    const key = `${place} ${type.qualifiedName}`;
    if (!missing.has(key))
      missing.set(key, `${place}: ${type.qualifiedName} is in ${nameOf(owner)}, and no index exports it`);
  }
  return [...missing.values()];
}

/** Every type that a reflection of the project refers to. */
function* referencesOf(project) {
  for (const owner of Object.values(project.reflections)) {
    const found = [];
    const visitor = typedoc.makeRecursiveVisitor({
      reference(type) {
        found.push(type);
      },
      query(type) {
        found.push(type.queryType);
      },
    });
    for (const type of typesOf(owner)) type?.visit(visitor);
    for (const type of found) yield { type, owner };
  }
}

function typesOf(reflection) {
  return [
    reflection.type,
    reflection.default,
    ...(reflection.extendedTypes ?? []),
    ...(reflection.implementedTypes ?? []),
  ];
}

/** Inherited from what others made, such as Error. */
function isFromOutside(reflection) {
  return (
    reflection.flags.isExternal ||
    (reflection.sources ?? []).some(({ fileName }) => fileName.includes("node_modules"))
  );
}

/** Whether a reflection is a member of options, properties or a configuration that a user writes. */
export function isOption(reflection) {
  return (
    reflection.kindOf(ReflectionKind.Property) &&
    reflection.parent?.kindOf(ReflectionKind.Interface) &&
    WRITTEN.test(reflection.parent.name) &&
    !reflection.inheritedFrom &&
    // `type: "s3"` says which interface this is.
    reflection.name !== "type" &&
    reflection.type?.type !== "literal"
  );
}

/** Whether something holds where it is left out: not where leaving out is the very absence of the thing. */
function owesDefault(reflection) {
  if (!reflection.flags.isOptional) return false;
  return typesIn(reflection.type).some(
    (type) => type?.type === "intrinsic" && ["number", "boolean"].includes(type.name),
  );
}

function isNumber({ type }) {
  return typesIn(type).some((one) => one?.type === "intrinsic" && one.name === "number");
}

function saysWhatItMeasures(reflection) {
  const text = textOf(reflection);
  return (
    MEASURED_NAME.test(reflection.name) ||
    MEASURED_TEXT.test(text) ||
    NO_MEASURE.test(`${reflection.name} ${text}`)
  );
}

function typesIn(type) {
  return type?.type === "union" ? type.types : [type];
}

function isDocumented(reflection) {
  return textOf(reflection) !== "";
}

function textOf(reflection) {
  const comments = [
    reflection.comment,
    ...(reflection.signatures ?? []).map(({ comment }) => comment),
    reflection.getSignature?.comment,
    ...(reflection.type?.type === "reflection"
      ? (reflection.type.declaration.signatures ?? []).map(({ comment }) => comment)
      : []),
  ];
  return comments
    .filter((comment) => comment !== undefined)
    .flatMap(({ summary, blockTags }) => summary.concat(blockTags.flatMap(({ content }) => content)))
    .map(({ text }) => text)
    .join("")
    .trim();
}

function nameOf(reflection) {
  return reflection.getFriendlyFullName();
}

function placeOf(reflection) {
  const [source] = reflection.sources ?? [];
  return source === undefined ? "?" : `${source.fileName}:${source.line}`;
}

/** How many names there are that owe something. */
export function namesOf(project) {
  return Object.values(project.reflections).filter(
    (reflection) => reflection.isDeclaration() && !isFromOutside(reflection) && reflection.kindOf(NAMES),
  ).length;
}
