// Puts the schemas of all packages into one, for editors: there `type: s3` has the options of s3 and no others.

/** The packages that have parts of connectors, and the definitions of them. The loader has no such list: it asks the package. */
export const PARTS = {
  s3: { emitter: "S3Config", deadLetters: "S3DeadLettersConfig" },
  redshift: { emitter: "RedshiftConfig" },
  postgres: { emitter: "PostgresConfig", deadLetters: "PostgresConfig" },
  dynamodb: { emitter: "DynamoDbConfig", deadLetters: "DynamoDbConfig" },
  kinesis: { emitter: "KinesisConfig", announce: "KinesisConfig", deadLetters: "KinesisConfig" },
  opensearch: { emitter: "OpenSearchConfig", deadLetters: "OpenSearchConfig" },
  iceberg: { emitter: "IcebergConfig" },
  firehose: { emitter: "FirehoseConfig", deadLetters: "FirehoseConfig" },
  sqs: { emitter: "SqsConfig", announce: "SqsConfig", deadLetters: "SqsConfig" },
  parquet: { format: "ParquetConfig" },
};

/**
 * One schema of a file and all parts that are known.
 *
 * @param file the schema of files without parts
 * @param schemas those of packages, by name
 */
export function composed(file, schemas) {
  const definitions = { ...file.definitions };
  for (const [name, schema] of Object.entries(schemas))
    for (const [type, node] of Object.entries(schema.definitions))
      definitions[`${name}.${type}`] = renamed(node, name);
  return eased({ ...file, definitions: withParts(definitions) });
}

function renamed(node, name) {
  if (Array.isArray(node)) return node.map((one) => renamed(one, name));
  if (typeof node !== "object" || node === null) return node;
  return Object.fromEntries(
    Object.entries(node).map(([keyword, value]) =>
      keyword === "$ref" && typeof value === "string"
        ? [keyword, value.replace("#/definitions/", `#/definitions/${name}.`)]
        : [keyword, renamed(value, name)],
    ),
  );
}

/** At each place of a part, the types that are known there; others are packages that nobody knows here. */
function withParts(node) {
  if (Array.isArray(node)) return node.map(withParts);
  if (typeof node !== "object" || node === null) return node;
  const result = Object.fromEntries(
    Object.entries(node).map(([keyword, value]) => [keyword, withParts(value)]),
  );
  if (typeof node.part !== "string") return result;
  const { part, if: own, then, ...rest } = result;
  const known = Object.entries(PARTS).filter(([, types]) => types[part] !== undefined);
  const names = [...(own?.properties.type.enum ?? []), ...known.map(([name]) => name)];
  return {
    ...rest,
    properties: { type: { anyOf: [{ enum: names }, { type: "string" }] } },
    allOf: [
      // oxlint-disable-next-line unicorn/no-thenable -- the keyword's name
      ...(own === undefined ? [] : [{ if: own, then }]),
      ...known.map(([name, types]) => ({
        if: {
          properties: { type: { enum: [name, `@kinesis-connectors/${name}`] } },
          required: ["type"],
        },
        // oxlint-disable-next-line unicorn/no-thenable -- the keyword's name
        then: { $ref: `#/definitions/${name}.${types[part]}` },
      })),
    ],
  };
}

/** `${NAME}` may stand for a number, true or false, or a choice: only the loader knows what it holds. */
const VARIABLE = String.raw`\$\{[A-Za-z_]`;

function eased(node, isCondition = false) {
  if (Array.isArray(node)) return node.map((one) => eased(one, isCondition));
  if (typeof node !== "object" || node === null) return node;
  const result = Object.fromEntries(
    Object.entries(node).map(([keyword, value]) => [
      keyword,
      // What tells alternatives apart is not eased: it would choose all of them.
      ["enum", "required"].includes(keyword) ? value : eased(value, isCondition || keyword === "if"),
    ]),
  );
  if (isCondition) return result;
  const types = [result.type ?? []].flat();
  const { description, ...rest } = result;
  const described = description === undefined ? {} : { description };
  if (rest.enum !== undefined && rest.enum.some((value) => typeof value === "string"))
    return { ...described, anyOf: [rest, { type: "string", pattern: VARIABLE }] };
  if (types.some((type) => ["number", "integer", "boolean"].includes(type)))
    return { ...described, anyOf: [rest, { type: "string", pattern: VARIABLE }] };
  return result;
}
