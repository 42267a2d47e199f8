import { memberOf } from "./answers.js";
import type { LoadedTable, TableCommit } from "./catalog.js";
import type { TableMetadata } from "./metadata.js";

/**
 * A table out of an answer (REST specification, `LoadTableResult` and `CommitTableResponse`); undefined for an answer that is none: what an append builds
 * upon must be there.
 */
export function loadedTableOf(body: unknown): LoadedTable | undefined {
  const metadata = memberOf(body, "metadata");
  if (!isMetadata(metadata)) return undefined;
  const metadataLocation = memberOf(body, "metadata-location");
  const config = memberOf(body, "config");
  return {
    metadata,
    ...(typeof metadataLocation === "string" ? { metadataLocation } : {}),
    ...(isTextMap(config) ? { config } : {}),
  };
}

const NUMBERS = [
  "format-version",
  "last-updated-ms",
  "last-column-id",
  "current-schema-id",
  "default-spec-id",
] as const;
const LISTS = ["schemas", "partition-specs"] as const;

function isMetadata(value: unknown): value is TableMetadata {
  const hasTexts = ["table-uuid", "location"].every((name) => typeof memberOf(value, name) === "string");
  const hasNumbers = NUMBERS.every((name) => Number.isSafeInteger(memberOf(value, name)));
  const hasLists = LISTS.every((name) => Array.isArray(memberOf(value, name)));
  if (!hasTexts || !hasNumbers || !hasLists) return false;
  const isOptional = (name: string, test: (one: unknown) => boolean): boolean => {
    const member = memberOf(value, name);
    return member === undefined || member === null || test(member);
  };
  return (
    isOptional("properties", isTextMap) &&
    isOptional("snapshots", Array.isArray) &&
    isOptional("refs", (refs) => typeof refs === "object") &&
    isOptional("last-sequence-number", Number.isSafeInteger) &&
    isOptional("current-snapshot-id", isLong)
  );
}

function isLong(value: unknown): boolean {
  return typeof value === "bigint" || Number.isSafeInteger(value);
}

function isTextMap(value: unknown): value is Readonly<Record<string, string>> {
  return (
    typeof value === "object" &&
    value !== null &&
    Object.values(value).every((one) => typeof one === "string")
  );
}

/**
 * Whether a table holds what a commit put there. Something between may send the answer to another request: what does not fit is not believed, and whoever
 * asked looks.
 */
export function holdsCommit({ metadata }: LoadedTable, { updates }: TableCommit): boolean {
  return updates.every((update) => {
    switch (update.action) {
      case "add-snapshot":
        return (metadata.snapshots ?? []).some(
          (one) => one["snapshot-id"] === update.snapshot["snapshot-id"],
        );
      case "set-properties":
        return Object.entries(update.updates).every(
          ([name, value]) => memberOf(metadata.properties, name) === value,
        );
      case "remove-properties":
        return update.removals.every((name) => memberOf(metadata.properties, name) === undefined);
      default:
        return true;
    }
  });
}
