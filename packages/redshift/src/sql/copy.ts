import { KinesisConnectorError } from "@kinesis-connectors/core";
import { quotedText, STAGE } from "./identifiers.js";

/** The delimiters on offer. One that occurs in a value is escaped, so the choice is a matter of size and taste. */
export type Delimiter = "|" | "," | ";" | "\t" | "~" | "^";

const DELIMITERS: ReadonlyMap<string, string> = new Map([
  ["|", "'|'"],
  [",", "','"],
  [";", "';'"],
  ["\t", String.raw`'\t'`],
  ["~", "'~'"],
  ["^", "'^'"],
]);

/** The way in which COPY reads a file. */
export type CopyFormat =
  | { readonly type: "json"; readonly ignoreCase: boolean }
  | { readonly type: "json-paths"; readonly url: string }
  | { readonly type: "csv" }
  | { readonly type: "delimited"; readonly delimiter: Delimiter };

/** What is the same for every COPY of an emitter; everything in it has been checked. */
export interface CopySettings {
  readonly format: CopyFormat;
  /** `default`, or ARNs in single quotes. */
  readonly iamRoleSql: string;
  readonly isCompressed: boolean;
  /** The bucket's region in single quotes, where it is not the cluster's. */
  readonly regionSql: string | undefined;
}

/** COPY of all objects of a manifest into the stage. */
export function copySql(
  settings: CopySettings,
  manifestUrl: string,
  columns: readonly string[] | undefined,
  maxErrors: number,
): string {
  const { format, iamRoleSql, isCompressed, regionSql } = settings;
  return [
    `COPY ${STAGE}`,
    ...(columns === undefined ? [] : [`(${columns.join(", ")})`]),
    `FROM ${s3UrlSql("staging", manifestUrl)}`,
    `IAM_ROLE ${iamRoleSql}`,
    ...(regionSql === undefined ? [] : [`REGION ${regionSql}`]),
    "MANIFEST",
    formatSql(format),
    ...(isCompressed ? ["GZIP"] : []),
    // Statistics and encodings of a temporary table that lives for one statement are of no use.
    `MAXERROR ${maxErrors} STATUPDATE OFF COMPUPDATE OFF`,
  ].join(" ");
}

function formatSql(format: CopyFormat): string {
  if (format.type === "json") return `FORMAT AS JSON ${format.ignoreCase ? "'auto ignorecase'" : "'auto'"}`;
  if (format.type === "json-paths") return `FORMAT AS JSON ${s3UrlSql("format", format.url)}`;
  if (format.type === "csv") return "FORMAT AS CSV";
  return `DELIMITER ${DELIMITERS.get(format.delimiter) ?? "'|'"} ESCAPE`;
}

/**
 * One of the delimiters on offer.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`
 */
export function checkedDelimiter(delimiter: Delimiter): Delimiter {
  if (DELIMITERS.has(delimiter)) return delimiter;
  throw new KinesisConnectorError("KC_OPTION_INVALID", "delimiter must be one of | , ; ~ ^ or a tab");
}

/**
 * The role that COPY reads S3 with, as SQL: the cluster's default, or the ARNs of up to ten chained roles.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`
 */
export function iamRoleSql(role: string | readonly string[]): string {
  if (role === "default") return "default";
  const chain = typeof role === "string" ? [role] : role;
  const isValid =
    Array.isArray(chain) &&
    chain.length > 0 &&
    chain.length <= 10 &&
    chain.every(
      (arn: unknown) =>
        typeof arn === "string" && /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=.@/-]{1,512}$/.test(arn),
    );
  if (!isValid) {
    throw new KinesisConnectorError(
      "KC_OPTION_INVALID",
      'iamRole must be "default", the ARN of a role that the cluster may assume, or a list of ARNs to be chained; COPY takes no access keys here',
    );
  }
  return quotedText("iamRole", chain.join(","));
}

/**
 * The URL of an object in single quotes.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`
 */
export function s3UrlSql(option: string, url: string): string {
  if (
    typeof url !== "string" ||
    !/^s3:\/\/[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]\/[\w!.*()'=/ +:@&,;-]+$/.test(url)
  ) {
    throw new KinesisConnectorError(
      "KC_OPTION_INVALID",
      `${option} makes a URL that is not s3://bucket/key of letters, digits and ordinary signs`,
    );
  }
  return quotedText(option, url);
}
