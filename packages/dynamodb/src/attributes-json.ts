import type { AttributeValue } from "@aws-sdk/client-dynamodb";

/** What JSON cannot hold as it is (RFC 8259 §7). Surrogates are among them, because one alone is no character. */
// oxlint-disable-next-line no-control-regex
const ESCAPED = /["\\\u0000-\u001f\ud800-\udfff]/;

/** A text as JSON. */
export function textJson(text: string): string {
  return ESCAPED.test(text) ? JSON.stringify(text) : `"${text}"`;
}

/** Names of attributes as JSON, since the items of a table share them. Bounded, because names come from the stream. */
const names = new Map<string, string>();
const MAX_NAMES = 1_000;

function nameJson(name: string): string {
  let json = names.get(name);
  if (json === undefined) {
    json = `${textJson(name)}:`;
    if (names.size < MAX_NAMES) names.set(name, json);
  }
  return json;
}

/**
 * Names and values as DynamoDB's JSON has them. Undefined for anything but values of exactly one kind, which a program without types may
 * give: the SDK is asked to write it then.
 */
export function attributesJson(attributes: Readonly<Record<string, AttributeValue>>): string | undefined {
  let json = "";
  for (const name of Object.keys(attributes)) {
    const value = valueJson(attributes[name]);
    if (value === undefined) return undefined;
    json += (json === "" ? "{" : ",") + nameJson(name) + value;
  }
  return json === "" ? "{}" : `${json}}`;
}

function valueJson(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const [kind, second] = Object.keys(value);
  if (kind === undefined || second !== undefined) return undefined;
  const content: unknown = Reflect.get(value, kind);
  switch (kind) {
    case "S":
      return typeof content === "string" ? `{"S":${textJson(content)}}` : undefined;
    case "N":
      return typeof content === "string" ? `{"N":${textJson(content)}}` : undefined;
    case "BOOL":
      return typeof content === "boolean" ? `{"BOOL":${content}}` : undefined;
    case "NULL":
      return typeof content === "boolean" ? `{"NULL":${content}}` : undefined;
    case "B":
      return content instanceof Uint8Array ? `{"B":"${base64(content)}"}` : undefined;
    case "M": {
      const map = isObject(content) ? attributesJson(content) : undefined;
      return map === undefined ? undefined : `{"M":${map}}`;
    }
    case "L":
      return listJson("L", content, valueJson);
    case "SS":
    case "NS":
      return listJson(kind, content, (text) => (typeof text === "string" ? textJson(text) : undefined));
    case "BS":
      return listJson("BS", content, (bytes) =>
        bytes instanceof Uint8Array ? `"${base64(bytes)}"` : undefined,
      );
    default:
      return undefined;
  }
}

function listJson(
  kind: string,
  content: unknown,
  json: (element: unknown) => string | undefined,
): string | undefined {
  if (!Array.isArray(content)) return undefined;
  let list = "";
  // By index, so that a hole is seen.
  for (let index = 0; index < content.length; index += 1) {
    const element = json(content[index]);
    if (element === undefined) return undefined;
    list += index === 0 ? element : `,${element}`;
  }
  return `{"${kind}":[${list}]}`;
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

function isObject(value: unknown): value is Readonly<Record<string, AttributeValue>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
