// Makes the JSON Schemas of configuration files out of the types and their docstrings: config.schema.json of each package that has a config.ts,
// and of the config package pipeline.schema.json (a file without the options of its parts) and schema.json (all of it, for editors).
// `--check` writes nothing, and fails where one of them is not what the types say.
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import generator from "ts-json-schema-generator";
import { composed, PARTS } from "./compose.mjs";
import { shaped } from "./shape.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "..", "..", "..");
const isCheck = process.argv.includes("--check");

const CONFIG = {
  tsconfig: join(here, "tsconfig.json"),
  skipTypeCheck: true,
  expose: "export",
  jsDoc: "extended",
  additionalProperties: false,
  topRef: true,
  // Functions are no data; the type tests of each package say which options are left out for it.
  functions: "hide",
  extraTags: ["part"],
};
const program = generator.createProgram(CONFIG);

/** `string | false`: the generator's own formatter leaves the text out of it. */
class TextOrLiteral {
  supportsType(type) {
    return type instanceof generator.UnionType && this.#literals(type).length > 0;
  }

  getDefinition(type) {
    return { anyOf: [{ type: "string" }, ...this.#literals(type).map((value) => ({ const: value }))] };
  }

  getChildren() {
    return [];
  }

  /** The values beside the text; none where it is another union. */
  #literals(type) {
    const types = type.getFlattenedTypes();
    const literals = types.filter((one) => one instanceof generator.LiteralType && !one.isString());
    const texts = types.filter((one) => one instanceof generator.StringType);
    return texts.length === 1 && literals.length + texts.length === types.length
      ? literals.map((one) => one.getValue())
      : [];
  }
}

const schemas = {};
for (const [name, types] of Object.entries(PARTS))
  schemas[name] = schemaOf([...new Set(Object.values(types))]);
const file = schemaOf(["ConnectorFile"]);

const outputs = new Map(
  Object.entries(schemas).map(([name, schema]) => [`packages/${name}/config.schema.json`, schema]),
);
outputs.set("packages/config/pipeline.schema.json", file);
outputs.set("packages/config/schema.json", {
  $schema: file.$schema,
  title: "A connector of kinesis-connectors",
  ...composed(file, schemas),
});

let stale = 0;
for (const [path, schema] of outputs) {
  const text = `${JSON.stringify(schema, undefined, 2)}\n`;
  const at = join(root, path);
  if (readOrEmpty(at) === text) continue;
  if (isCheck) process.stderr.write(`${relative(root, at)} is not what the types say: npm run schemas\n`);
  else {
    writeFileSync(at, text);
    process.stdout.write(`${relative(root, at)} written\n`);
  }
  stale += 1;
}
process.stdout.write(`${outputs.size} schemas, ${stale} of them ${isCheck ? "stale" : "new"}\n`);
process.exit(isCheck && stale > 0 ? 1 : 0);

/** The schema of some types; the first one is its own. */
function schemaOf(types) {
  const definitions = {};
  for (const type of types) {
    const made = new generator.SchemaGenerator(
      program,
      generator.createParser(program, CONFIG),
      generator.createFormatter(CONFIG, (chain) => chain.addTypeFormatter(new TextOrLiteral())),
      CONFIG,
    );
    try {
      Object.assign(definitions, made.createSchema(type).definitions);
    } catch (error) {
      process.stderr.write(`${type}: ${error.message}\n`);
      process.exit(1);
    }
  }
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    $ref: `#/definitions/${types[0]}`,
    definitions: shaped(definitions),
  };
}

function readOrEmpty(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
