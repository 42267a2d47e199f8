import { fieldOf, type JsonObject } from "../json-values.js";
import { integer, long, text } from "./checked.js";
import { badRequest, IcebergError } from "./errors.js";
import { sameId, type TableMetadata } from "./metadata.js";

function failed(what: string): IcebergError {
  return new IcebergError("CommitFailedException", `Requirement failed: ${what}`);
}

/**
 * Judges one requirement of a commit (REST specification, `TableRequirement`). `base` is undefined for a table that is yet to be.
 *
 * @throws {IcebergError} 409 `CommitFailedException` when it does not hold, 400 when it is not known
 */
export function judge(requirement: JsonObject, base: TableMetadata | undefined): void {
  const type = text(requirement, "type");
  if (type === "assert-create") {
    if (base !== undefined) throw failed("table already exists");
    return;
  }
  if (base === undefined) throw badRequest(`Invalid create requirements: ${type}`);
  const same = (name: string, what: string, is: number): void => {
    const expected = integer(requirement, name);
    if (expected !== is) throw failed(`${what} changed: expected id ${expected} != ${is}`);
  };
  switch (type) {
    case "assert-table-uuid": {
      const uuid = text(requirement, "uuid");
      if (uuid.toLowerCase() !== base["table-uuid"].toLowerCase())
        throw failed(`UUID does not match: expected ${base["table-uuid"]} != ${uuid}`);
      return;
    }
    case "assert-ref-snapshot-id":
      judgeRef(requirement, base);
      return;
    case "assert-last-assigned-field-id":
      same("last-assigned-field-id", "last assigned field id", base["last-column-id"]);
      return;
    case "assert-current-schema-id":
      same("current-schema-id", "current schema", base["current-schema-id"]);
      return;
    case "assert-last-assigned-partition-id":
      same("last-assigned-partition-id", "last assigned partition id", base["last-partition-id"]);
      return;
    case "assert-default-spec-id":
      same("default-spec-id", "default partition spec", base["default-spec-id"]);
      return;
    case "assert-default-sort-order-id":
      same("default-sort-order-id", "default sort order", base["default-sort-order-id"]);
      return;
    default:
      throw badRequest(`Cannot parse update requirement: unknown type ${type.slice(0, 100)}`);
  }
}

/** "The snapshot-id field is required, but in the case of a null the ref must not already exist." */
function judgeRef(requirement: JsonObject, base: TableMetadata): void {
  const name = text(requirement, "ref");
  if (fieldOf(requirement, "snapshot-id") === undefined)
    throw badRequest("Cannot parse snapshot-id: it is missing; null means that the ref must not exist");
  const wanted = requirement["snapshot-id"] === null ? null : long(requirement, "snapshot-id");
  const ref = Object.hasOwn(base.refs, name) ? base.refs[name] : undefined;
  if (ref === undefined) {
    if (wanted !== null) throw failed(`branch or tag ${name} is missing`);
    return;
  }
  if (wanted === null) throw failed(`${ref.type} ${name} was created concurrently`);
  if (!sameId(wanted, ref["snapshot-id"])) throw failed(`${ref.type} ${name} has changed`);
}
