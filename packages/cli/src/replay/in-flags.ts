import { KinesisConnectorError } from "@kinesis-connectors/core";
import { CliError } from "../app/errors.js";

/** What a library calls an option, and the flag that it is here. */
export type FlagWords = readonly (readonly [text: RegExp, flag: string])[];

/** The words of an archive or of dead letters on S3. */
const OF_S3: FlagWords = [
  [/`region`/g, "--region"],
  [/`endpoint`/g, "--endpoint-s3"],
];

export const OF_ARCHIVE: FlagWords = [
  ...OF_S3,
  [/`bucket`/g, "the one of --archive"],
  [/check bucket, prefix and from/g, "check --archive and --from"],
  [/leave from and until out/g, "leave --from and --to out"],
];

export const OF_LETTERS: FlagWords = [
  ...OF_S3,
  [/`bucket`/g, "--bucket"],
  [/check bucket, prefix and from/g, "check --bucket and --prefix"],
];

export const OF_RANGE: FlagWords = [
  [/^from lies in the future/, "--from lies in the future"],
  [/, or read what comes with startConnector/, ", or read what comes with run"],
  [/, and from asks for more/, ", and --from asks for more"],
  [/ \(s3Archive\)/, " (--archive)"],
  [/set onRetentionGap to "continue"/, "give --on-retention-gap continue"],
];

export const OF_REPLAY: FlagWords = [
  [/say into: "other"/g, "give --into other"],
  [/ until 9999-12-31T00:00:00\.000Z/g, " without --to"],
  [/has been read until /, "has been read with --to "],
  [/to be read until /, "to be read with --to "],
  [/was begun with another from /, "was begun with another --from "],
  [/give this range another application/, "give this range another name by --as"],
  [/give this one another application \(option application\)/, "give this one another name by --as"],
  [/or take the same until$/, "or take the same --to"],
  [/give the option application another name/, "give another name by --as"],
  [/another table \(option leaseTable\)/, "another table (--lease-table)"],
  [/this connector reads/, "this replay reads"],
  [/^application names the lease table too/, "--as names the lease table too"],
  [/or give leaseTable$/, "or give --lease-table"],
  [/^leaseTable must/, "--lease-table must"],
];

/** Ends of what refuses a name that was used for something else before: another --as or another range is all that helps. */
const WRONG_USE = /another name by --as|take the same --to$/;

/** An error of a library in the words of the command line; any other error as it is. */
export function inFlags(thrown: unknown, words: FlagWords): unknown {
  if (!KinesisConnectorError.isInstance(thrown)) return thrown;
  const message = words.reduce(
    (text, [option, flag]) => text.replaceAll(globally(option), flag),
    thrown.message,
  );
  const isWrongUse = thrown.code === "KC_LEASE_TABLE" && WRONG_USE.test(message);
  return new CliError(isWrongUse ? "KC_USAGE" : thrown.code, message, { cause: thrown });
}

function globally(text: RegExp): RegExp {
  return text.global ? text : new RegExp(text.source, `${text.flags}g`);
}
