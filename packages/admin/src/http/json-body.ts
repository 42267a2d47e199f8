import type { Context } from "hono";
import { type AdminEnv, RequestRefused } from "./answers.js";

/** Far more than any request of this API holds. */
const MAX_BODY_BYTES = 64 * 1024;

/**
 * The body of a request as a JSON object; an empty body is an empty object. Read by hand: it must never be longer than its limit in memory, with or
 * without a `Content-Length`.
 * @throws RequestRefused 413 for a longer body, 400 for one that is no JSON object
 */
export async function jsonBody(context: Context<AdminEnv>): Promise<Readonly<Record<string, unknown>>> {
  const text = await bodyText(context);
  if (text.trim() === "") return {};
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw malformed();
  }
  if (typeof body !== "object" || body === null || Array.isArray(body)) throw malformed();
  // An object, whose members are checked one by one.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return body as Readonly<Record<string, unknown>>;
}

async function bodyText(context: Context<AdminEnv>): Promise<string> {
  const { body, headers } = context.req.raw;
  if (Number(headers.get("content-length") ?? 0) > MAX_BODY_BYTES) throw tooLarge();
  if (body === null) return "";
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BODY_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/**
 * Refuses members that a request has none of: a misspelt one would be passed over in silence.
 * @throws RequestRefused 400
 */
export function onlyMembers(body: Readonly<Record<string, unknown>>, ...known: readonly string[]): void {
  const other = Object.keys(body).find((name) => !known.includes(name));
  if (other === undefined) return;
  const takes = known.length === 0 ? "no members" : known.join(", ");
  throw new RequestRefused(
    400,
    "body-malformed",
    `the body has a member that is not known here; it takes ${takes}`,
  );
}

function malformed(): RequestRefused {
  return new RequestRefused(400, "body-malformed", "the body must be one JSON object, or empty");
}

function tooLarge(): RequestRefused {
  return new RequestRefused(413, "body-too-large", `a body may have ${MAX_BODY_BYTES} bytes`);
}
