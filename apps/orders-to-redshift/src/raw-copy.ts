import {
  DescribeStatementCommand,
  ExecuteStatementCommand,
  RedshiftDataClient,
} from "@aws-sdk/client-redshift-data";
import type { LocalAws } from "@kinesis-connectors/local";
import { setTimeout as wait } from "node:timers/promises";

/** Loads the very files of a run once more with one plain COPY, into a table of its own; returns how long that took, in seconds. */
export async function rawCopySeconds(aws: LocalAws, bucket: string): Promise<number> {
  const urls = [...aws.s3.objects(bucket)]
    .filter(({ key }) => key.endsWith(".json.gz"))
    .map(({ key }) => `s3://${bucket}/${key}`);
  const manifest = JSON.stringify({ entries: urls.map((url) => ({ url, mandatory: true })) });
  await fetch(`${aws.endpoints.s3}/${bucket}/raw-copy.manifest`, { method: "PUT", body: manifest });
  await aws.redshift.query("CREATE TABLE raw_orders (LIKE orders)");
  const client = new RedshiftDataClient(aws.clientOptions("redshift"));
  const startMs = performance.now();
  try {
    const { Id } = await client.send(
      new ExecuteStatementCommand({
        WorkgroupName: "local",
        Database: "dev",
        Sql: `COPY raw_orders FROM 's3://${bucket}/raw-copy.manifest' IAM_ROLE default MANIFEST FORMAT AS JSON 'auto' GZIP`,
      }),
    );
    for (;;) {
      const { Status, Error: text } = await client.send(new DescribeStatementCommand({ Id }));
      if (Status === "FINISHED") return (performance.now() - startMs) / 1000;
      if (Status === "FAILED" || Status === "ABORTED")
        throw new Error(`the raw COPY ended ${Status}: ${text ?? ""}`);
      await wait(20);
    }
  } finally {
    client.destroy();
  }
}
