import { setTimeout as wait } from "node:timers/promises";
import { startConnector } from "@kinesis-connectors/consumer";
import { definePipeline, json, type JsonOptions } from "@kinesis-connectors/core";
import { startLocalAws } from "@kinesis-connectors/local";
import { parquet, type ParquetOptions } from "@kinesis-connectors/parquet";
import { s3DeadLetters, s3Emitter } from "@kinesis-connectors/s3";

const BUCKET = "clicks";

/** Brings documents from a stream of one shard to Parquet objects: their keys and bytes, and the reasons of the dead letters. */
export async function archived(
  documents: readonly (object | string)[],
  options: ParquetOptions<object>,
  decoding: JsonOptions = {},
): Promise<{ objects: { key: string; body: Uint8Array; type: string | undefined }[]; reasons: string[] }> {
  await using aws = await startLocalAws({ limits: "off", s3: { buckets: [BUCKET] }, opensearch: false });
  aws.kinesis.createStream({ name: "clicks", shardCount: 1 });
  const s3 = aws.clientOptions("s3");
  const { region, credentials } = aws.clientOptions("kinesis");
  await using connector = await startConnector({
    application: "parquet",
    stream: "clicks",
    pipeline: definePipeline({
      transformer: json<object>(decoding),
      buffer: { maxAgeMs: 60_000 },
      emitter: s3Emitter<object>({ ...s3, bucket: BUCKET, prefix: "good", format: parquet<object>(options) }),
      deadLetters: s3DeadLetters({ ...s3, bucket: BUCKET, prefix: "dead" }),
    }),
    region,
    credentials,
    endpoints: { kinesis: aws.endpoints.kinesis, dynamodb: aws.endpoints.dynamodb },
  });
  for (const document of documents)
    aws.kinesis.putRecords("clicks", [
      { partitionKey: "one", data: typeof document === "string" ? document : JSON.stringify(document) },
    ]);
  while (connector.progress().recordsRead < documents.length) await wait(10);
  await connector.stop();
  await connector.done;
  // All but those that the emitters tried the store with.
  const all = [...aws.s3.objects(BUCKET)].filter(({ key }) => !key.includes("/_"));
  return {
    objects: all
      .filter(({ key }) => key.startsWith("good/"))
      .map(({ key, body, headers }) => ({ key, body, type: headers["content-type"] })),
    reasons: all
      .filter(({ key }) => key.startsWith("dead/"))
      .flatMap(({ body }) => body.toString("utf8").trimEnd().split("\n"))
      .map((line) => /does not fit the Parquet columns: ([^"]*)/.exec(line)?.[1] ?? line),
  };
}
