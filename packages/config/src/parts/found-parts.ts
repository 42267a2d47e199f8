import type { JsonSchema } from "@kinesis-connectors/core/config";
import { preparedValues } from "../checking/prepared-values.js";
import { schemaNodesAt } from "../checking/schema-nodes.js";
import { schemaProblems } from "../checking/schema-problems.js";
import type { ConfigDocument } from "../document/config-document.js";
import { everyValue, isMapping, type Path } from "../document/path.js";
import type { Problem } from "../document/problem.js";
import type { ImportPart, PartModule } from "./import-part.js";

/** A part of a connector that a package makes: the emitter, its format, the dead letters. */
export interface FoundPart {
  /** Where it stands in the file. */
  readonly root: Path;
  /** Of the package. */
  readonly name: string;
  readonly module: PartModule;
  readonly schema: JsonSchema | undefined;
  /** Its options, numbers and all. */
  readonly value: Readonly<Record<string, unknown>>;
}

/** All parts of a file, and what is wrong with them. */
export interface FoundParts {
  readonly parts: readonly FoundPart[];
  readonly problems: readonly Problem[];
}

/** Finds the parts that a schema marks, imports their packages, and checks their options; the parts within them likewise. */
export async function findParts(
  document: ConfigDocument,
  within: { readonly schema: JsonSchema; readonly value: unknown; readonly root: Path },
  importPart: ImportPart,
): Promise<FoundParts> {
  const parts: FoundPart[] = [];
  const problems: Problem[] = [];
  for (const [own, value] of everyValue(within.value)) {
    const marks = schemaNodesAt(within.schema, own).filter(({ part }) => typeof part === "string");
    const [mark] = marks;
    if (mark === undefined || !isMapping(value)) continue;
    const { type } = value;
    // What is no text is a problem of the schema; what is known there has its options there.
    if (typeof type !== "string" || marks.some((one) => knownTypes(one).includes(type))) continue;
    const root = [...within.root, ...own];
    let imported: Awaited<ReturnType<ImportPart>>;
    try {
      imported = await importPart(type, document.file);
    } catch (error) {
      problems.push(document.problem([...root, "type"], `${[...root, ""].join(".")}${messageOf(error)}`));
      continue;
    }
    const { name, module } = imported;
    const schema =
      mark["part"] === "deadLetters" ? (module.deadLettersSchema ?? module.schema) : module.schema;
    const prepared = preparedValues(schema, value, root, document.wholeVariables);
    const part: FoundPart = { root, name, module, schema, value: isMapping(prepared) ? prepared : value };
    parts.push(part);
    if (schema === undefined) continue;
    problems.push(...(await schemaProblems(document, { schema, value: part.value, root, owner: type })));
    const inner = await findParts(document, { schema, value: part.value, root }, importPart);
    parts.push(...inner.parts);
    problems.push(...inner.problems);
  }
  return { parts, problems };
}

/** Types that a place of parts describes by itself. */
function knownTypes(mark: JsonSchema): readonly unknown[] {
  const condition = mark["if"] as { readonly properties?: { readonly type?: { readonly enum?: unknown } } };
  const known = condition?.properties?.type?.enum;
  return Array.isArray(known) ? known : [];
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : "type cannot be loaded";
}
