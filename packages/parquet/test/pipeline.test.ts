import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { startConnector } from "@kinesis-connectors/consumer";
import { definePipeline, json } from "@kinesis-connectors/core";
import { startLocalAws } from "@kinesis-connectors/local";
import { parquet, type ParquetOptions } from "@kinesis-connectors/parquet";
import { s3DeadLetters, s3Emitter } from "@kinesis-connectors/s3";
import { Duck } from "./support.js";

const BUCKET = "clicks";

/** Brings documents from a stream of one shard to Parquet objects: their keys and bytes, and the reasons of the dead letters. */
async function archived(
  documents: readonly object[],
  options: ParquetOptions<object>,
): Promise<{ objects: { key: string; body: Uint8Array; type: string | undefined }[]; reasons: string[] }> {
  await using aws = await startLocalAws({ limits: "off", s3: { buckets: [BUCKET] }, opensearch: false });
  aws.kinesis.createStream({ name: "clicks", shardCount: 1 });
  const s3 = aws.clientOptions("s3");
  const { region, credentials } = aws.clientOptions("kinesis");
  await using connector = await startConnector({
    application: "parquet",
    stream: "clicks",
    pipeline: definePipeline({
      transformer: json<object>(),
      buffer: { maxAgeMs: 60_000 },
      emitter: s3Emitter<object>({ ...s3, bucket: BUCKET, prefix: "good", format: parquet<object>(options) }),
      deadLetters: s3DeadLetters({ ...s3, bucket: BUCKET, prefix: "dead" }),
    }),
    region,
    credentials,
    endpoints: { kinesis: aws.endpoints.kinesis, dynamodb: aws.endpoints.dynamodb },
  });
  for (const document of documents)
    aws.kinesis.putRecords("clicks", [{ partitionKey: "one", data: JSON.stringify(document) }]);
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

describe("a stream archived as Parquet", () => {
  it("has every row that fits in the object, and every other in the dead letters by its column", async () => {
    await using duck = await Duck.start();
    const documents = Array.from({ length: 500 }, (_, id) => ({
      id,
      price: id % 100 === 7 ? "1.234" : `${id}.50`,
      ...(id === 33 ? { secret: "x" } : {}),
    }));
    const { objects, reasons } = await archived(documents, {
      schema: { id: { required: "int32" }, price: { decimal: [9, 2] } },
    });
    expect(objects).toHaveLength(1);
    const [object] = objects;
    expect(object?.key).toMatch(/\.parquet$/);
    expect(object?.type).toBe("application/vnd.apache.parquet");
    expect(await duck.read(object?.body ?? new Uint8Array())).toEqual(
      documents.filter(({ id }) => id % 100 !== 7 && id !== 33).map(({ id, price }) => ({ id, price })),
    );
    const misfit = "row.price takes decimals of 9 digits, 2 of them after the point";
    expect(reasons.toSorted()).toEqual([
      "row has no column for field number 3 of the record",
      ...Array.from({ length: 5 }, () => misfit),
    ]);
  });

  it("has a new object from the first row with a new column, in the same batch", async () => {
    await using duck = await Duck.start();
    const documents = Array.from({ length: 60 }, (_, id) => ({
      id,
      ...(id < 20 ? {} : { country: id % 2 === 0 ? "AT" : null }),
      ...(id < 40 ? {} : { tags: ["x"] }),
    }));
    const { objects, reasons } = await archived(documents, { infer: true });
    expect(reasons).toEqual([]);
    const types = await Promise.all(objects.map(({ body }) => duck.types(body)));
    expect(types.map((columns) => Object.keys(columns).join(" ")).toSorted()).toEqual([
      "id",
      "id country",
      "id country tags",
    ]);
    const paths = await Promise.all(objects.map(({ body }) => duck.keep(body)));
    const files = paths.map((path) => `'${path}'`).join(", ");
    expect(
      await duck.rows(
        `SELECT id::INT AS id, country, tags FROM read_parquet([${files}], union_by_name = true) ORDER BY id`,
      ),
    ).toEqual(documents.map(({ id, country = null, tags = null }) => ({ id, country, tags })));
  });
});
