import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { awsExtended, lifion, type PointerFormat } from "@kinesis-connectors/s3";
import { thrownBy } from "@kinesis-connectors/testkit";

const linesOf = (file: string): string[] =>
  readFileSync(new URL(`./fixtures/${file}`, import.meta.url), "utf8")
    .trimEnd()
    .split("\n");
const begins = ({ beginnings }: PointerFormat, text: string): boolean =>
  beginnings.some((beginning) => typeof beginning === "string" && text.startsWith(beginning));

describe("pointers as the other tools write them", () => {
  it.each([
    ["lifion-kinesis 1.3.3", "lifion.txt", lifion(), /^orders-[A-Za-z0-9]{22}\.json$/],
    [
      "payloadoffloading-common 2.2.0 for Java",
      "java.txt",
      awsExtended(),
      /^(?:[0-9a-f-]{36}|orders\/2026\/nächste "1"\.json)$/,
    ],
    ["amazon-sqs-extended-client 1.0.1 for Python", "python.txt", awsExtended(), /^[0-9a-f-]{36}$/],
  ])("%s are told and read", (_tool, file, format, key) => {
    const lines = linesOf(file);
    expect(lines.length).toBeGreaterThan(1);
    for (const line of lines) {
      expect(begins(format, line)).toBe(true);
      expect(format.read(Buffer.from(line))).toEqual({ bucket: "payloads", key: expect.stringMatching(key) });
    }
  });

  it("are written byte for byte", () => {
    for (const line of linesOf("java.txt")) {
      const { bucket, key } = awsExtended().read(Buffer.from(line))!;
      expect(awsExtended().write({ bucket, key, eTag: "e" })).toBe(line);
    }
    const [line = ""] = linesOf("lifion.txt");
    const { bucket, key } = lifion().read(Buffer.from(line))!;
    expect(lifion().write({ bucket, key, eTag: "9b2cf535f27731c974343645a3985328" })).toBe(line);
  });
});

it.each([
  ['{"@S3Item":{"bucket":"b"', lifion()],
  ['{"@S3Item":{"bucket":"b"}}', lifion()],
  ['{"@S3Item":"b"}', lifion()],
  ['{"@S3Item":{"bucket":1,"key":"secret"}}', lifion()],
  ['["software.amazon.payloadoffloading.PayloadS3Pointer"]', awsExtended()],
  ['["software.amazon.payloadoffloading.PayloadS3Pointer",{"s3BucketName":"b"}]', awsExtended()],
  [
    '["software.amazon.payloadoffloading.PayloadS3Pointer",{"s3BucketName":"b","s3Key":"secret"},1]',
    awsExtended(),
  ],
  ['["com.amazon.sqs.javamessaging.MessageS3Pointer",null]', awsExtended()],
])("a pointer that is damaged is poison, and says nothing of its content: %s", (text, format) => {
  expect(begins(format, text)).toBe(true);
  const error = thrownBy(() => format.read(Buffer.from(text)));
  expect(error).toMatchObject({ code: "KC_RECORD_POISON" });
  expect(String(error)).not.toContain("secret");
});
