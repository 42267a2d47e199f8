/**
 * Numbers that a double cannot hold are kept as texts behind this mark, so that the servers judge and give back the digits as they were
 * written. JSON.parse tells them only from Node 21 on.
 */
const MARK = "\u0000#";
const LONG_NUMBER = /[\d.]{16}|\d[eE]/;
const TOKENS = /"(?:[^"\\]|\\[\s\S])*"|-?\d[\d.eE+-]*/g;
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const MARKED = /"\\u0000#(-?[\d.eE+-]+)"/g;

/**
 * `JSON.parse`, with long numbers and those with an exponent as marked texts.
 * @throws SyntaxError
 */
export function parseExact(text: string): unknown {
  const marked = LONG_NUMBER.test(text)
    ? text.replaceAll(TOKENS, (token) =>
        token.startsWith('"') || (token.length < 16 && !/[eE]/.test(token)) || !NUMBER.test(token)
          ? token
          : `"\\u0000#${token}"`,
      )
    : text;
  return JSON.parse(marked) as unknown;
}

/** `JSON.stringify` of what `parseExact` gave, with the digits as they were written. */
export function stringifyExact(value: unknown): string {
  return JSON.stringify(value).replaceAll(MARKED, "$1");
}

/** The digits of a number, marked or not; undefined for what is none. */
export function digitsOf(value: unknown): string | undefined {
  if (typeof value === "number") return String(value);
  return typeof value === "string" && value.startsWith(MARK) ? value.slice(MARK.length) : undefined;
}

/** What `parseExact` gave as `JSON.parse` would have: marked numbers as doubles. */
export function asDoubles(value: unknown): unknown {
  if (typeof value !== "object" || value === null) {
    return typeof value === "string" && value.startsWith(MARK) ? Number(value.slice(MARK.length)) : value;
  }
  if (Array.isArray(value)) return value.map(asDoubles);
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, asDoubles(member)]));
}
