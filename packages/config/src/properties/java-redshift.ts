import { jdbcUrl, ownEndpoint } from "./endpoints.js";
import { type Around, bucketOf } from "./java-bucket.js";
import type { Properties } from "./properties.js";
import type { YamlMapping } from "./write-yaml.js";

/** Loads outputs as rows. */
export function rowsIntoRedshift(properties: Properties, around: Around): YamlMapping {
  return {
    type: "redshift",
    ...targetOf(properties, around),
    staging: bucketOf(properties, around),
    format: formatOf(properties, around),
    columns: around.columns,
  };
}

/**
 * Loads files whose names come in a stream.
 * @param files how they are written. Default: as the Java connector wrote them
 */
export function filesIntoRedshift(properties: Properties, around: Around, files?: YamlMapping): YamlMapping {
  const ledgerTable = properties.text("redshiftFileTable");
  if (ledgerTable !== undefined)
    properties.note(
      "redshiftFileTable",
      "is emitter.ledgerTable, whose columns are this project's: make it with ledgerSchema(), under another name while Java's table is there",
    );
  const bucket = bucketOf(properties, around);
  const bucketName = properties.text("s3Bucket") ?? "REPLACE-ME";
  if (files !== undefined)
    properties.noteIfThere(
      "redshiftDataDelimiter",
      "was left out: the first connector writes the files as JSON, and rows are loaded by the names of their fields",
    );
  return {
    type: "redshift",
    loads: "objects",
    ...targetOf(properties, around),
    ledgerTable,
    buckets: [bucketName],
    compression: "none",
    staging: { ...bucket, prefix: "manifests" },
    format: files ?? formatOf(properties, around),
    columns: files === undefined ? around.columns : undefined,
  };
}

/** What COPY takes. */
const DELIMITERS: ReadonlySet<string> = new Set(["|", ",", ";", "\t", "~", "^"]);

function formatOf(properties: Properties, { columns }: Around): YamlMapping {
  const delimiter = properties.raw("redshiftDataDelimiter");
  if (columns !== undefined) {
    if (delimiter === undefined || DELIMITERS.has(delimiter)) return { type: "delimited", delimiter };
    properties.note("redshiftDataDelimiter", "is none of | , ; ~ ^ and the tab, and was left out");
    return { type: "delimited" };
  }
  properties.noteIfThere(
    "redshiftDataDelimiter",
    "was left out: the file does not say which columns there are, so rows are loaded as JSON by the names of their fields; say them with --columns",
  );
  return { type: "jsonAuto" };
}

function targetOf(properties: Properties, { region }: Around): YamlMapping {
  const url = properties.text("redshiftURL");
  const found = url === undefined ? undefined : jdbcUrl(url);
  if (url !== undefined)
    properties.note(
      "redshiftURL",
      found === undefined
        ? "names no cluster of Redshift: give emitter.cluster or emitter.workgroup, and emitter.database"
        : "is taken apart: the Data API needs the cluster or workgroup and the database, and no connection",
    );
  const cluster = found?.cluster ?? properties.text("redshiftClusterIdentifier");
  const database = found?.database ?? properties.text("redshiftDatabaseName");
  if (properties.has("redshiftClusterIdentifier")) properties.text("redshiftClusterIdentifier");
  if (properties.has("redshiftDatabaseName")) properties.text("redshiftDatabaseName");
  const user = properties.text("redshiftUsername");
  if (found?.workgroup !== undefined)
    properties.noteIfThere(
      "redshiftUsername",
      "was left out: a workgroup takes the user from IAM or emitter.secretArn",
    );
  properties.noteIfThere(
    "redshiftPassword",
    "was left out: the Data API takes no password; keep it in Secrets Manager and give emitter.secretArn in place of dbUser, or let IAM decide",
  );
  properties.note(
    "redshiftDataTable",
    "is emitter.table, and COPY reads the bucket by emitter.iamRole: default is the cluster's own role, and keys are not taken",
  );
  return {
    cluster: found?.workgroup === undefined ? (cluster ?? "REPLACE-ME") : undefined,
    workgroup: found?.workgroup,
    database: database ?? "dev",
    dbUser: found?.workgroup === undefined ? user : undefined,
    region: found?.region ?? region,
    endpoint: ownEndpoint(properties, "redshiftEndpoint"),
    table: properties.text("redshiftDataTable") ?? "users",
    iamRole: "default",
  };
}
