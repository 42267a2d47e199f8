import { readFileSync } from "node:fs";
import { Ajv } from "ajv";

const ajv = new Ajv({ allErrors: true, allowUnionTypes: true });

/** Throws, naming the place, where a value is not what the package says that the command prints. */
export function requireSchema(name: string, value: unknown): void {
  const file = new URL(`../../schemas/${name}.schema.json`, import.meta.url);
  const validate = ajv.compile(JSON.parse(readFileSync(file, "utf8")) as object);
  if (!validate(value)) throw new Error(`${name}: ${ajv.errorsText(validate.errors)}`);
}
