import { batchOf, deliver, deliverStubbornly, failureFrom } from "@kinesis-connectors/testkit";
import { describe, expect, it } from "vitest";
import { hasCode } from "@kinesis-connectors/core";
import { startS3 } from "../support/local-s3.js";

const server = "s3" as const;

describe("network and identity", () => {
  it("F37 without an answer the emission rejects, to be tried again, and keeps its key", async () => {
    await using s3 = await startS3();
    s3.aws.faults.add({ server, times: 6, effect: { kind: "reset", at: "before-headers" } });
    const batch = batchOf([{ a: 1 }]);
    expect((await deliverStubbornly(s3.emitter(), batch, 5)).attempts).toBe(3);
    expect(s3.objects()).toHaveLength(1);
  });

  it("F40 expired credentials are fetched anew once", async () => {
    await using s3 = await startS3();
    let fetched = 0;
    const credentials = () => {
      fetched += 1;
      return Promise.resolve({ accessKeyId: `key${fetched}`, secretAccessKey: "secret" });
    };
    s3.aws.faults.add({
      server,
      operation: "PutObject",
      effect: { kind: "error", status: 400, code: "ExpiredToken" },
    });
    await deliver(s3.emitter({ credentials }), batchOf([1]));
    expect(fetched).toBe(2);
    expect(s3.objects()).toHaveLength(1);
  });

  it("F40 credentials that stay expired stop with a named error", async () => {
    await using s3 = await startS3();
    s3.aws.faults.add({
      server,
      operation: "PutObject",
      times: "always",
      effect: { kind: "error", status: 400, code: "ExpiredToken" },
    });
    const error = await failureFrom(deliver(s3.emitter(), batchOf([1])));
    expect(hasCode(error, "KC_EMIT_REFUSED")).toBe(true);
    expect(error.message).toMatch(/ExpiredToken.*credentials/);
    expect(s3.aws.journal.entries({ operation: "PutObject" })).toHaveLength(2);
  });

  it("F41 AccessDenied on the look after a 412 is not taken for existing", async () => {
    await using s3 = await startS3();
    const emitter = s3.emitter();
    await deliver(emitter, batchOf([1]));
    s3.aws.faults.add({
      server,
      operation: "HeadObject",
      effect: { kind: "error", status: 403, code: "AccessDenied" },
    });
    const error = await failureFrom(deliver(emitter, batchOf([1])));
    expect(hasCode(error, "KC_EMIT_REFUSED")).toBe(true);
    expect(error.message).toMatch(/s3:GetObject/);
  });

  it("F41 a look that fails for the moment after a 412 is tried again with the whole write", async () => {
    await using s3 = await startS3();
    const emitter = s3.emitter();
    await deliver(emitter, batchOf([1]));
    s3.aws.faults.add({
      server,
      operation: "HeadObject",
      times: 3,
      effect: { kind: "error", status: 503, code: "SlowDown" },
    });
    expect((await deliverStubbornly(emitter, batchOf([1]), 5)).attempts).toBe(2);
  });

  it("missing rights, a missing bucket and wrong credentials stop with the cure, without repetition", async () => {
    await using s3 = await startS3();
    for (const [status, code, cure] of [
      [403, "AccessDenied", /s3:PutObject/],
      [404, "NoSuchBucket", /create the bucket/],
      [403, "InvalidAccessKeyId", /credentials/],
      [403, "SignatureDoesNotMatch", /credentials/],
      [501, "NotImplemented", /conditional writes/],
      [400, "AuthorizationHeaderMalformed", /region/],
    ] as const) {
      const after = s3.aws.journal.last();
      s3.aws.faults.add({
        server,
        operation: "PutObject",
        times: "always",
        id: code,
        effect: { kind: "error", status, code },
      });
      const error = await failureFrom(deliver(s3.emitter(), batchOf([1])));
      expect(hasCode(error, "KC_EMIT_REFUSED")).toBe(true);
      expect(error.message).toContain(code);
      expect(error.message).toMatch(cure);
      expect(s3.aws.journal.entries({ after })).toHaveLength(1);
      s3.aws.faults.remove(code);
    }
    expect(s3.objects()).toEqual([]);
  });
});
