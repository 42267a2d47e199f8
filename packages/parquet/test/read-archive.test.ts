import { readArchive } from "@kinesis-connectors/s3";
import { startConnector } from "@kinesis-connectors/consumer";
import { definePipeline, ExactNumber, json } from "@kinesis-connectors/core";
import { startLocalAws } from "@kinesis-connectors/local";
import { parquet, type ParquetCompression } from "@kinesis-connectors/parquet";
import { s3Emitter } from "@kinesis-connectors/s3";
import { describe, expect, it } from "vitest";

const COUNT = 1200;
const documentOf = (n: number) => ({
  id: n,
  big: BigInt(n) * 1_000_000_000_000_000n,
  at: new Date(Date.UTC(2026, 10, 29, 0, 0, n)),
  price: n === 7 ? new ExactNumber("-12345678901234567890123.45") : n / 4,
  micros: n === 7 ? "2026-11-29T00:00:00.123456Z" : new Date(Date.UTC(2026, 10, 29, 1)),
  bytes: Uint8Array.of(0xff, n % 256),
  lines: [{ cost: n / 2 }, { cost: null }],
  tags: [`t${n % 3}`, null],
  of: { country: n % 2 === 0 ? "AT" : null },
});
type Document = ReturnType<typeof documentOf>;

describe("readArchive of Parquet objects", () => {
  it.each<ParquetCompression>(["none", "snappy", "gzip", "zstd"])(
    "gives rows back, over several row groups: %s",
    async (compression) => {
      await using aws = await startLocalAws({
        limits: "off",
        s3: { buckets: ["clicks"] },
        opensearch: false,
      });
      aws.kinesis.createStream({ name: "clicks", shardCount: 1 });
      const s3 = aws.clientOptions("s3");
      const { region, credentials } = aws.clientOptions("kinesis");
      const format = parquet<Document>({
        schema: {
          id: { required: "int32" },
          big: "int64",
          at: "timestamp",
          price: { decimal: [25, 2] },
          micros: "timestamp",
          bytes: "bytes",
          lines: { list: { struct: { cost: { decimal: [9, 1] } } } },
          tags: { list: "string" },
          of: { struct: { country: "string" } },
        },
        rowGroupRows: 500,
        compression,
      });
      await using connector = await startConnector({
        application: "parquet",
        stream: "clicks",
        pipeline: definePipeline({
          transformer: json<{ n: number }>().to(({ n }) => documentOf(n)),
          buffer: { maxRecords: COUNT },
          emitter: s3Emitter<Document>({ ...s3, bucket: "clicks", prefix: "archive", format }),
        }),
        region,
        credentials,
        endpoints: { kinesis: aws.endpoints.kinesis, dynamodb: aws.endpoints.dynamodb },
      });
      aws.kinesis.putRecords(
        "clicks",
        Array.from({ length: COUNT }, (_, n) => ({ partitionKey: "one", data: JSON.stringify({ n }) })),
      );
      await expect.poll(() => connector.progress().recordsEmitted).toBe(COUNT);
      await connector.stop();

      const rows: unknown[] = [];
      const source = readArchive({
        ...s3,
        bucket: "clicks",
        prefix: "archive",
        formats: [parquet({ infer: true })],
      });
      let first = "";
      for await (const { row, data } of source) {
        rows.push(row);
        first ||= Buffer.from(data).toString("utf8");
      }
      expect(rows).toEqual(Array.from({ length: COUNT }, (_, n) => documentOf(n)));
      expect(first).toBe(
        '{"id":0,"big":0,"at":"2026-11-29T00:00:00.000Z","price":0,"micros":"2026-11-29T01:00:00.000Z","bytes":"/wA=",' +
          '"lines":[{"cost":0},{"cost":null}],"tags":["t0",null],"of":{"country":"AT"}}',
      );
    },
  );
});
