import type { JsonBytes } from "./json-bytes.js";

/** JSON that is always the same, as bytes. */
export function piece(json: string): Uint8Array {
  return Buffer.from(json);
}

/** Names of attributes with their colons, since the items of a table share them. Bounded, because names come from the stream. */
const names = new Map<string, Uint8Array>();
const MAX_NAMES = 1_000;

function nameOf(name: string): Uint8Array {
  let bytes = names.get(name);
  if (bytes === undefined) {
    bytes = piece(`${JSON.stringify(name)}:`);
    if (names.size < MAX_NAMES) names.set(name, bytes);
  }
  return bytes;
}

const COMMA = 0x2c;
const OPEN_MAP = 0x7b;
const CLOSE_MAP = 0x7d;
const CLOSE_LIST = 0x5d;

const PIECES = {
  S: piece('{"S":'),
  N: piece('{"N":'),
  B: piece('{"B":'),
  M: piece('{"M":'),
  L: piece('{"L":['),
  SS: piece('{"SS":['),
  NS: piece('{"NS":['),
  BS: piece('{"BS":['),
  true: piece('{"BOOL":true}'),
  false: piece('{"BOOL":false}'),
  null: piece('{"NULL":true}'),
  notNull: piece('{"NULL":false}'),
} as const;

/**
 * Writes names and values as DynamoDB's JSON has them. False for anything but values of exactly one kind, which a program without types
 * may give: what was written is of no use then, and the SDK is asked to write it.
 */
export function writeAttributes(json: JsonBytes, attributes: Readonly<Record<string, unknown>>): boolean {
  json.byte(OPEN_MAP);
  let isFirst = true;
  for (const name of Object.keys(attributes)) {
    if (!isFirst) json.byte(COMMA);
    isFirst = false;
    json.raw(nameOf(name));
    if (!writeValue(json, attributes[name])) return false;
  }
  json.byte(CLOSE_MAP);
  return true;
}

function writeValue(json: JsonBytes, value: unknown): boolean {
  if (!isObject(value)) return false;
  const kind = onlyName(value);
  if (kind === undefined) return false;
  const content = value[kind];
  switch (kind) {
    case "S":
    case "N":
      if (typeof content !== "string") return false;
      json.raw(PIECES[kind]);
      json.text(content);
      break;
    case "BOOL":
    case "NULL":
      if (typeof content !== "boolean") return false;
      json.raw(kind === "BOOL" ? PIECES[`${content}`] : content ? PIECES.null : PIECES.notNull);
      return true;
    case "B":
      if (!(content instanceof Uint8Array)) return false;
      json.raw(PIECES.B);
      json.base64(content);
      break;
    case "M":
      json.raw(PIECES.M);
      if (!isObject(content) || !writeAttributes(json, content)) return false;
      break;
    case "L":
      return writeList(json, kind, content, writeValue);
    case "SS":
    case "NS":
      return writeList(json, kind, content, writeText);
    case "BS":
      return writeList(json, kind, content, writeBytes);
    default:
      return false;
  }
  json.byte(CLOSE_MAP);
  return true;
}

function writeList(
  json: JsonBytes,
  kind: "L" | "SS" | "NS" | "BS",
  content: unknown,
  write: (json: JsonBytes, element: unknown) => boolean,
): boolean {
  if (!Array.isArray(content)) return false;
  json.raw(PIECES[kind]);
  // By index, so that a hole is seen.
  for (let index = 0; index < content.length; index += 1) {
    if (index > 0) json.byte(COMMA);
    if (!write(json, content[index])) return false;
  }
  json.byte(CLOSE_LIST);
  json.byte(CLOSE_MAP);
  return true;
}

function writeText(json: JsonBytes, text: unknown): boolean {
  if (typeof text !== "string") return false;
  json.text(text);
  return true;
}

function writeBytes(json: JsonBytes, bytes: unknown): boolean {
  if (!(bytes instanceof Uint8Array)) return false;
  json.base64(bytes);
  return true;
}

/** The one name that a value has; undefined where there are none or several. */
export function onlyName(value: object): string | undefined {
  let only: string | undefined;
  // Makes no list of them, as Object.keys would for each value of each item.
  for (const name in value) {
    if (only !== undefined) return undefined;
    only = name;
  }
  return only;
}

/** Whether it may be a map. What its members are, each reader looks at by itself. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
