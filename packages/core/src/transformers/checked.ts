import { hasCode, invalidOption, type KinesisConnectorError, poisonRecord } from "../errors.js";
import { isPromise, type MaybePromise } from "../maybe-promise.js";
import type { KinesisRecord } from "../record.js";

/** What is needed of a Standard Schema (standardschema.dev, version 1), the interface that zod, valibot and ArkType share. */
export interface StandardSchema<Output = unknown> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => MaybePromise<SchemaResult<Output>>;
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
  };
}

/**
 * What a schema says of a value.
 * @inline
 */
type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/**
 * What a schema has against a value, and where in it.
 * @inline
 */
interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** What a schema makes of a value. */
export type OutputOf<Schema extends StandardSchema> =
  Schema extends StandardSchema<infer Output> ? Output : never;

type Models<Model> = Model | readonly Model[] | undefined;

/** A decoding function whose models are checked. */
export function checkedBy<Model, Schema extends StandardSchema>(
  schema: Schema,
  toModel: (record: KinesisRecord) => MaybePromise<Models<Model>>,
): (record: KinesisRecord) => MaybePromise<readonly OutputOf<Schema>[]> {
  const validate = validateOf(schema);
  const { vendor } = schema["~standard"];
  const check = (models: Models<Model>): MaybePromise<readonly OutputOf<Schema>[]> => {
    if (models === undefined) return [];
    const values: readonly unknown[] = Array.isArray(models) ? models : [models];
    const made: OutputOf<Schema>[] = [];
    for (const [index, value] of values.entries()) {
      const ofSeveral = values.length > 1 ? index : undefined;
      const result = asked(vendor, () => validate(value));
      if (isPromise(result)) return settled(made, values, index, result);
      made.push(valueOf(vendor, result, ofSeveral));
    }
    return made;
  };
  const settled = async (
    made: OutputOf<Schema>[],
    values: readonly unknown[],
    from: number,
    first: Promise<SchemaResult<OutputOf<Schema>>>,
  ): Promise<readonly OutputOf<Schema>[]> => {
    for (let index = from; index < values.length; index += 1) {
      let result: SchemaResult<OutputOf<Schema>>;
      try {
        result = await (index === from ? first : validate(values[index]));
      } catch (thrown) {
        throw threw(vendor, thrown);
      }
      made.push(valueOf(vendor, result, values.length > 1 ? index : undefined));
    }
    return made;
  };
  return (record) => {
    const models = toModel(record);
    return isPromise(models) ? models.then(check) : check(models);
  };
}

function validateOf<Schema extends StandardSchema>(
  schema: Schema,
): (value: unknown) => MaybePromise<SchemaResult<OutputOf<Schema>>> {
  // ArkType's are functions.
  const isSchema = (typeof schema === "object" && schema !== null) || typeof schema === "function";
  const standard: unknown = isSchema ? schema["~standard"] : undefined;
  const validate: unknown =
    typeof standard === "object" && standard !== null && "validate" in standard
      ? standard.validate
      : undefined;
  if (typeof validate !== "function")
    throw invalidOption(
      "checked takes a Standard Schema: a schema of zod 3.24, valibot 1, ArkType 2 or later",
    );
  // Its own word for what it returns; what it throws is seen to where it is called.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return (value) => schema["~standard"].validate(value) as MaybePromise<SchemaResult<OutputOf<Schema>>>;
}

function asked<Result>(vendor: string, ask: () => Result): Result {
  try {
    return ask();
  } catch (thrown) {
    throw threw(vendor, thrown);
  }
}

function valueOf<Output>(vendor: string, result: SchemaResult<Output>, index: number | undefined): Output {
  if (result.issues === undefined) return result.value;
  throw refused(vendor, result.issues, index);
}

/** So many places are named; a document may be wrong everywhere. */
const MAX_PLACES = 3;
const MAX_STEPS = 10;
const MAX_NAME = 40;

function refused(
  vendor: string,
  issues: readonly SchemaIssue[],
  index: number | undefined,
): KinesisConnectorError {
  const places = [...new Set(issues.map(({ path }) => placeOf(path)))];
  const more = places.length > MAX_PLACES ? ` and ${places.length - MAX_PLACES} more` : "";
  const model = index === undefined ? "the model" : `model ${index} of the record`;
  return poisonRecord(
    `${model} is not as the schema (${nameOf(vendor)}) says, at ${places.slice(0, MAX_PLACES).join(", ")}${more}`,
  );
}

/** An issue's message may quote the value, and so may what a schema throws: neither may reach a log. */
function threw(vendor: string, thrown: unknown): KinesisConnectorError {
  // What the schema asks does not answer, or refuses: no fault of the record, which would be set aside with all others.
  if (hasCode(thrown, "KC_LOOKUP_FAILED") || hasCode(thrown, "KC_LOOKUP_REFUSED")) return thrown;
  const name = thrown instanceof Error ? thrown.name : typeof thrown;
  return poisonRecord(`the schema (${nameOf(vendor)}) threw ${nameOf(name)} over the model`);
}

function placeOf(path: SchemaIssue["path"]): string {
  if (path === undefined || path.length === 0) return "its top";
  const steps = path.slice(0, MAX_STEPS).map((step) => {
    const key = typeof step === "object" ? step.key : step;
    return typeof key === "number" || /^\d+$/.test(String(key)) ? `[${nameOf(key)}]` : nameOf(key);
  });
  return `${steps.join(".").replaceAll(".[", "[")}${path.length > MAX_STEPS ? "..." : ""}`;
}

/** Names of members may be anything that a producer sent. */
function nameOf(name: PropertyKey): string {
  const text = String(name);
  const short = text.length > MAX_NAME ? `${text.slice(0, MAX_NAME)}...` : text;
  return /^[\w$.-]+$/.test(short) ? short : JSON.stringify(short);
}
