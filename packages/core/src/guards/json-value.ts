// Deeper than any plan; what runs in a circle ends here.
const MAX_DEPTH = 32;

/** Whether JSON brings a value back as it was: `undefined` is none, but members of an object may be it and are left out. */
export function isJson(value: unknown, depth: number = MAX_DEPTH): boolean {
  switch (typeof value) {
    case "string":
    case "boolean":
      return true;
    case "number":
      return Number.isFinite(value);
    case "object":
      return value === null || (depth > 0 && isJsonObject(value, depth - 1));
    default:
      return false;
  }
}

function isJsonObject(value: object, depth: number): boolean {
  if (Array.isArray(value)) return value.every((item) => isJson(item, depth));
  // A date, a map, a set or bytes would come back as something else.
  if ("toJSON" in value || Symbol.iterator in value || ArrayBuffer.isView(value)) return false;
  if (!isPlain(value)) return false;
  return Object.values(value).every((member) => member === undefined || isJson(member, depth));
}

/** Whether an object is of no class: one would come back without its functions and private members. Also of another realm. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
