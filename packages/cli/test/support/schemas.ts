import { readFileSync } from "node:fs";
import { Ajv } from "ajv";

const ajv = new Ajv({ allErrors: true, allowUnionTypes: true });

/** A schema of this package, ready to check with. */
export function compileSchema(name: string) {
  const file = new URL(`../../schemas/${name}.schema.json`, import.meta.url);
  return ajv.compile(JSON.parse(readFileSync(file, "utf8")) as object);
}

/** Throws, naming the place, where a value is not what the package says that the command prints. */
export function requireSchema(name: string, value: unknown): void {
  const validate = compileSchema(name);
  if (!validate(value)) throw new Error(`${name}: ${ajv.errorsText(validate.errors)}`);
}
