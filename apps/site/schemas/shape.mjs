// Gives a generated schema the shape in which each defect is one error: unions as chains of if and then, numbers that may carry a unit.

/** What a size and a time may be written as, beside a number. The loader of configuration files reads the same. */
const UNITS = {
  Bytes: String.raw`^\d+(\.\d+)? ?(B|KiB|MiB|GiB|kB|MB|GB)$`,
  Ms: String.raw`^\d+(\.\d+)? ?(ms|s|min|h|d)$`,
};

/**
 * Shapes all definitions of a schema, in place of what the generator made of them.
 *
 * @param definitions by name
 */
export function shaped(definitions) {
  return Object.fromEntries(
    Object.entries(definitions).map(([name, node]) => [name, shapeOf(node, definitions)]),
  );
}

function shapeOf(node, definitions) {
  if (Array.isArray(node)) return node.map((one) => shapeOf(one, definitions));
  if (typeof node !== "object" || node === null) return node;
  if (node.anyOf !== undefined) {
    const { anyOf, ...rest } = node;
    return { ...rest, ...unionOf(anyOf, definitions) };
  }
  const result = {};
  for (const [keyword, value] of Object.entries(node)) {
    if (keyword === "properties")
      result.properties = Object.fromEntries(
        Object.entries(value).map(([name, property]) => [name, propertyOf(name, property, definitions)]),
      );
    else result[keyword] = ["enum", "required"].includes(keyword) ? value : shapeOf(value, definitions);
  }
  return result;
}

function propertyOf(name, property, definitions) {
  const unit = /(?:Bytes|Ms)$/.exec(name)?.[0];
  if (unit !== undefined && property.type === "number")
    return { ...property, type: ["integer", "string"], pattern: UNITS[unit] };
  if (property.part === undefined || property.$ref === undefined) return shapeOf(property, definitions);
  // Any package may bring the part; the types that are known have their options here.
  const { $ref, ...rest } = property;
  const { properties } = shapeOf({ $ref }, definitions).$ref ? unionAt($ref, definitions) : {};
  const known = properties?.type?.enum;
  return {
    ...rest,
    type: "object",
    properties: { type: { type: "string" } },
    required: ["type"],
    ...(known === undefined
      ? {}
      : {
          if: { properties: { type: { enum: known } }, required: ["type"] },
          // oxlint-disable-next-line unicorn/no-thenable -- the keyword's name
          then: { $ref },
        }),
  };
}

function unionAt($ref, definitions) {
  return shapeOf(definitionAt($ref, definitions), definitions);
}

function definitionAt($ref, definitions) {
  const name = decodeURIComponent($ref.slice("#/definitions/".length));
  const found = definitions[name];
  if (found === undefined) throw new Error(`there is no definition ${name}`);
  return found;
}

/** Alternatives by the kind of their value: an object, an array, or a scalar. */
function unionOf(alternatives, definitions) {
  const flat = flattened(alternatives, definitions);
  const objects = flat.filter(({ kind }) => kind === "object");
  const arrays = flat.filter(({ kind }) => kind === "array");
  const scalars = flat.filter(({ kind }) => kind === "scalar");
  if (arrays.length > 1) throw new Error("a union of several arrays");
  let schema;
  if (scalars.length > 0) {
    schema = scalarsOf(scalars.map(({ schema: one }) => one));
    const others = [...(objects.length > 0 ? ["an object"] : []), ...(arrays.length > 0 ? ["a list"] : [])];
    if (others.length > 0) schema = { ...schema, orElse: others };
  }
  if (arrays[0] !== undefined)
    schema = alternative(
      "array",
      shapeOf(arrays[0].schema, definitions),
      schema ?? {
        type: "array",
        ...(objects.length > 0 ? { orElse: ["an object"] } : {}),
      },
    );
  if (objects.length > 0) {
    const own = objectUnion(objects, definitions);
    schema = schema === undefined ? own : alternative("object", own, schema);
  }
  return schema;
}

function alternative(type, schema, otherwise) {
  // oxlint-disable-next-line unicorn/no-thenable -- the keyword's name
  return { if: { type }, then: schema, else: otherwise };
}

/** Unions in unions are one. */
function flattened(alternatives, definitions) {
  return alternatives.flatMap((schema) => {
    const node = schema.$ref === undefined ? schema : definitionAt(schema.$ref, definitions);
    if (node.anyOf !== undefined) return flattened(node.anyOf, definitions);
    if (node.$ref !== undefined) return flattened([node], definitions);
    const kind = node.type === "object" || node.type === "array" ? node.type : "scalar";
    // Scalars are put together; the others keep their name.
    return [{ schema: kind === "scalar" ? node : schema, node, kind }];
  });
}

function scalarsOf(schemas) {
  const types = new Set();
  const values = [];
  for (const { type, enum: choices, const: choice } of schemas) {
    if (choices !== undefined) values.push(...choices);
    else if (choice !== undefined) values.push(choice);
    else for (const one of [type].flat()) types.add(one);
  }
  if (types.size === 0) return { enum: values };
  const others = values.filter((value) => !types.has(typeof value));
  if (others.length === 0) return { type: types.size === 1 ? [...types][0] : [...types] };
  const kinds = [...new Set(others.map((value) => typeof value))];
  if (kinds.length > 1) throw new Error(`a union of ${[...types].join(", ")} and ${others.join(", ")}`);
  // oxlint-disable-next-line unicorn/no-thenable -- the keyword's name
  return { type: [...types, ...kinds], if: { type: kinds[0] }, then: { enum: others } };
}

/** Alternatives that are objects, told apart by a key that only one of them has, or by the value of a key that all have. */
function objectUnion(objects, definitions) {
  if (objects.length === 1) return shapeOf(objects[0].schema, definitions);
  const key = discriminatorOf(objects);
  if (key !== undefined) return byValue(key, objects, definitions);
  const withKeys = objects.map((object) => ({ object, key: uniqueKeyOf(object, objects) }));
  const rest = withKeys.filter(({ key: own }) => own === undefined).map(({ object }) => object);
  const named = withKeys.filter(({ key: own }) => own !== undefined);
  if (named.length === 0)
    throw new Error(
      `nothing tells apart ${objects.map(({ schema }) => schema.$ref ?? "an object").join(", ")}`,
    );
  const last =
    rest.length > 0
      ? objectUnion(rest, definitions)
      : noneOf(
          objects,
          named.map(({ key: own }) => own),
        );
  const chain = named.reduceRight(
    (otherwise, { object, key: own }) => ({
      if: { required: [own] },
      // oxlint-disable-next-line unicorn/no-thenable -- the keyword's name
      then: shapeOf(object.schema, definitions),
      else: otherwise,
    }),
    last,
  );
  return { type: "object", ...chain };
}

/** Of an object that has none of the keys that would say what it is. */
function noneOf(objects, keys) {
  const names = new Set(objects.flatMap(({ node }) => Object.keys(node.properties ?? {})));
  return {
    properties: Object.fromEntries([...names].map((name) => [name, true])),
    additionalProperties: false,
    anyOf: keys.map((key) => ({ required: [key] })),
  };
}

function uniqueKeyOf({ node }, objects) {
  return node.required?.find((key) =>
    objects.every((other) => other.node === node || other.node.properties?.[key] === undefined),
  );
}

function valuesOf(node, key) {
  const property = node.properties?.[key];
  return property?.enum ?? (property?.const === undefined ? undefined : [property.const]);
}

function discriminatorOf(objects) {
  return Object.keys(objects[0].node.properties ?? {}).find((key) => {
    const values = objects.map(({ node }) => valuesOf(node, key));
    if (values.includes(undefined)) return false;
    const optional = objects.filter(({ node }) => !(node.required ?? []).includes(key));
    return new Set(values.flat()).size === values.flat().length && optional.length <= 1;
  });
}

function byValue(key, objects, definitions) {
  const isOptional = ({ node }) => !(node.required ?? []).includes(key);
  return {
    type: "object",
    properties: { [key]: { enum: objects.flatMap(({ node }) => valuesOf(node, key)) } },
    ...(objects.some(isOptional) ? {} : { required: [key] }),
    allOf: objects.map((object) => ({
      if: {
        properties: { [key]: { enum: valuesOf(object.node, key) } },
        // The one that may leave it out is the default.
        ...(isOptional(object) ? {} : { required: [key] }),
      },
      // oxlint-disable-next-line unicorn/no-thenable -- the keyword's name
      then: shapeOf(object.schema, definitions),
    })),
  };
}
