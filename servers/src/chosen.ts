/** What the environment says of a server: a URL, or one of these names. */
export function chosen(
  variable: string,
  names: readonly string[] = [],
): { readonly url?: string; readonly name?: string } {
  const value = process.env[variable];
  if (value === undefined || value === "") return {};
  if (names.includes(value)) return { name: value };
  if (URL.canParse(value)) return { url: value };
  throw new Error(`${variable} takes ${[...names, "a URL"].join(" or ")}`);
}
