/** What is printed in the place of a secret. */
const HIDDEN = "***";

/** Words in the name of an option whose value nobody is shown. `Arn` and `File` only name where a secret lies. */
const SECRET =
  /(?:secret|passw|token|credential|accesskey|apikey|privatekey|authorization|cookie|passphrase|^pass$|^key$|^cert$|^ca$)/i;
const NAMES_ONLY = /(?:arn|file|path|url|bytes)$/i;
/** How an option that is a time is named: `tokenMs`, and not `tokenParams`. */
const TIME = /(?:Ms|_ms)$/;

/** Far deeper than options go. */
const MAX_DEPTH = 12;

/**
 * A configuration as it may be shown: secrets by the names of their options, user and password out of URLs, and of functions, clients and the like only
 * what they are.
 */
export function redacted(value: unknown, depth: number = MAX_DEPTH): unknown {
  if (typeof value === "string") return withoutSecrets(value);
  if (typeof value === "function") return "[function]";
  if (typeof value === "bigint" || typeof value === "symbol") return `[${typeof value}]`;
  if (typeof value !== "object" || value === null) return value;
  if (depth === 0) return "[...]";
  if (Array.isArray(value)) return value.map((item: unknown) => redacted(item, depth - 1));
  if (value instanceof Date) return value;
  if (value instanceof URL) return withoutSecrets(value.href);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return "[object]";
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      isSecret(name, member) ? HIDDEN : redacted(member, depth - 1),
    ]),
  );
}

function isSecret(name: string, member: unknown): boolean {
  if (member === undefined || member === null) return false;
  // Of headers too, such as `x-api-key`.
  const word = name.replaceAll(/[-_]/g, "");
  return SECRET.test(word) && !NAMES_ONLY.test(word) && !TIME.test(name);
}

function withoutSecrets(text: string): string {
  return text
    .replace(/(\b[a-z][a-z0-9+.-]{0,30}:\/\/)[^/?#\s]{1,1000}@/gi, `$1${HIDDEN}@`)
    .replace(
      /([?&][^=&#\s]{0,50}(?:secret|passw|token|signature|credential|key)[^=&#\s]{0,50}=)[^&#\s]+/gi,
      `$1${HIDDEN}`,
    );
}
