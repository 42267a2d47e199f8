import { ownEndpoint } from "./endpoints.js";
import type { Properties } from "./properties.js";
import type { YamlMapping } from "./write-yaml.js";

/** What the destinations are made with. */
export interface Around {
  readonly application: string;
  readonly region: string | undefined;
  readonly columns: readonly string[] | undefined;
}

/** Where objects go. */
export function bucketOf(properties: Properties, { region }: Around): YamlMapping {
  const bucket = properties.text("s3Bucket");
  if (bucket === undefined) properties.note("s3Bucket", "is not there: give the bucket's name");
  return { bucket: bucket ?? "REPLACE-ME", region, endpoint: ownEndpoint(properties, "s3Endpoint") };
}
