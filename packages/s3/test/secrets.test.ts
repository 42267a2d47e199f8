import {
  batchOf,
  batchOfEntries,
  contextOf,
  deliver,
  failureFrom,
  keepingLogger,
  planOf,
} from "@kinesis-connectors/testkit";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { gzip, s3Emitter } from "@kinesis-connectors/s3";
import { BUCKET, startS3 } from "./support/local-s3.js";
import { record } from "./support/support.js";

const credentials = {
  accessKeyId: "CANARYKEYID",
  secretAccessKey: "canary-secret",
  sessionToken: "canary-token",
};
const payload = { note: "canary-payload" };
const canaries = /canary/i;

const effects = [
  ...(
    [
      [403, "AccessDenied"],
      [403, "SignatureDoesNotMatch"],
      [403, "InvalidAccessKeyId"],
      [400, "ExpiredToken"],
      [404, "NoSuchBucket"],
      [400, "MalformedXML"],
      [500, "InternalError"],
      [409, "ConditionalRequestConflict"],
      [412, "PreconditionFailed"],
      [400, "KMS.DisabledException"],
    ] as const
  ).map(([status, code]) => ({ kind: "error", status, code }) as const),
  { kind: "reset", at: "before-headers" } as const,
  { kind: "reset", at: "inside-headers" } as const,
  { kind: "stalled-request", forMs: 60_000 } as const,
];

describe("no failure tells", () => {
  for (const multipartAboveBytes of [1, 16 * 1024 * 1024]) {
    it(`S05 S06 a credential or a record, in errors or in the log (parts above ${multipartAboveBytes} bytes)`, async () => {
      for (const effect of effects) {
        await using s3 = await startS3();
        s3.aws.faults.add({ server: "s3", times: "always", effect });
        const logger = keepingLogger();
        const emitter = s3.emitter({ credentials, multipartAboveBytes, requestTimeoutMs: 1_500 });
        const error = await failureFrom(deliver(emitter, batchOf([payload]), { logger }));
        const told = `${inspect(error, { depth: 20, showHidden: true })}\n${error.stack}\n${logger.lines.join("\n")}`;
        expect(told).not.toMatch(canaries);
      }
    });
  }

  it("S06 a record that the format refuses", async () => {
    await using s3 = await startS3();
    const circular: Record<string, unknown> = { canary: "canary" };
    circular["canaryLoop"] = circular;
    const outputs: unknown[] = [circular, new TextEncoder().encode("canary\ncanary")];
    const emitter = s3.emitter({ compression: gzip() });
    const batch = batchOfEntries<unknown>(
      outputs.map((output, index) => ({
        output,
        record: record(index, new TextEncoder().encode("canary")),
        bytes: 6,
      })),
    );
    const { failed } = await emitter.emit(batch, contextOf(planOf(emitter, batch)));
    expect(failed).toHaveLength(2);
    for (const { error } of failed)
      expect(inspect(error, { depth: 20, showHidden: true })).not.toMatch(canaries);
  });

  it("S05 a credential of an emitter that is printed", () => {
    const emitter = s3Emitter({
      bucket: BUCKET,
      region: "us-east-1",
      credentials,
      format: { extension: "", contentType: "a/b", write: () => undefined },
    });
    expect(`${inspect(emitter, { depth: 20, showHidden: true })}${JSON.stringify(emitter)}`).not.toMatch(
      canaries,
    );
  });
});
