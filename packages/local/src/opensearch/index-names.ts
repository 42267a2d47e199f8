import { OpenSearchError } from "./errors.js";

/** Whether a name matches a pattern with `*`. */
export function matches(pattern: string, name: string): boolean {
  const parts = pattern.split("*").map((part) => part.replaceAll(/[.\\+?^${}()|[\]]/gu, String.raw`\$&`));
  return new RegExp(`^${parts.join(".*")}$`, "u").test(name);
}

/**
 * Refuses what cannot be the name of an index (OpenSearch, MetadataCreateIndexService.validateIndexOrAliasName).
 * @throws OpenSearchError
 */
export function requireIndexName(name: string): void {
  const problem =
    Buffer.byteLength(name) > 255
      ? "index name is too long, (max 255 bytes)"
      : name !== name.toLowerCase()
        ? "must be lowercase"
        : /[ "*\\<|,>/?]/u.test(name)
          ? 'must not contain the following characters [ , ", *, \\, <, |, ,, >, /, ?]'
          : /[#:]/u.test(name)
            ? `must not contain '${name.includes("#") ? "#" : ":"}'`
            : /^[-_+]/u.test(name)
              ? "must not start with '_', '-', or '+'"
              : name === ""
                ? "must not be empty"
                : name === "." || name === ".."
                  ? "must not be '.' or '..'"
                  : undefined;
  if (problem !== undefined)
    throw new OpenSearchError("invalid_index_name_exception", `Invalid index name [${name}], ${problem}`);
}
