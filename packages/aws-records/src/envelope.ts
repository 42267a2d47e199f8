import {
  type KinesisRecord,
  dataBytesOf,
  type KinesisConnectorError,
  poisonRecord,
} from "@kinesis-connectors/core";

/** An object of a document, of which nothing is known yet. */
export type Members = Readonly<Record<string, unknown>>;

/** Whether a value is an object with members, and neither an array nor a number with all its digits. */
export function isMembers(value: unknown): value is Members {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    Object.getPrototypeOf(value) === Object.prototype
  );
}

/** The error of a record that is not what its service writes. It names the member at fault, and no value. */
export function notA(what: string, record: KinesisRecord, member: string): KinesisConnectorError {
  return poisonRecord(`the record's ${dataBytesOf(record)} bytes are no ${what}: ${member}`);
}

/** A text, or an empty one where there is none. */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
