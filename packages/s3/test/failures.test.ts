import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { failureOf, summaryOf } from "../src/failures.js";

const answer = (name: string, httpStatusCode: number, more: object = {}): Error =>
  Object.assign(new Error("message"), { name, $metadata: { httpStatusCode }, ...more });

describe("a failed request", () => {
  it("that may work later is tried again", () => {
    for (const error of [
      answer("SlowDown", 503),
      answer("InternalError", 500),
      answer("Unknown", 502),
      answer("RequestTimeout", 400),
      answer("ConditionalRequestConflict", 409),
      answer("OperationAborted", 409),
      answer("BadDigest", 400),
      answer("NoSuchUpload", 404),
      answer("InvalidPart", 400),
      answer("RequestTimeTooSkewed", 403),
      answer("TooManyRequests", 429),
      answer("KMS.ThrottlingException", 400),
      answer("TemporaryRedirect", 307),
      answer("PriorRequestNotComplete", 400),
      answer("SyntaxError", 200),
      Object.assign(new Error("reset"), { code: "ECONNRESET" }),
      Object.assign(new Error("unknown host"), { code: "ENOTFOUND" }),
      Object.assign(new Error("time"), { name: "TimeoutError" }),
      Object.assign(new Error("metadata service"), { name: "CredentialsProviderError" }),
      "not an error",
    ]) {
      expect([String(error), failureOf(error).kind]).toEqual([String(error), "retry"]);
    }
  });

  it("that met something at its key is told apart from all others", () => {
    expect(failureOf(answer("PreconditionFailed", 412)).kind).toBe("taken");
    expect(failureOf(answer("412", 412)).kind).toBe("taken");
  });

  it("with expired credentials is told apart from wrong ones", () => {
    expect(failureOf(answer("ExpiredToken", 400)).kind).toBe("expired");
    expect(failureOf(answer("InvalidToken", 400)).kind).toBe("refused");
  });

  it("that nothing mends is refused with a cure", () => {
    for (const [name, status] of [
      ["NoSuchBucket", 404],
      ["AccessDenied", 403],
      ["Forbidden", 403],
      ["AllAccessDisabled", 403],
      ["InvalidAccessKeyId", 403],
      ["SignatureDoesNotMatch", 403],
      ["PermanentRedirect", 301],
      ["Moved", 307],
      ["KMS.DisabledException", 400],
      ["KMS.NotFoundException", 400],
      ["KMS.KMSInvalidStateException", 400],
      ["InvalidStorageClass", 400],
      ["NotImplemented", 501],
      ["MalformedXML", 400],
    ] as const) {
      const failure = failureOf(answer(name, status));
      expect([name, failure]).toEqual([name, { kind: "refused", cure: expect.stringMatching(/\w+ .*\w+/) }]);
    }
  });

  it("is reported by code, message, status and request id, and nothing else of the answer", () => {
    const summary = summaryOf(
      answer("SignatureDoesNotMatch", 403, {
        AWSAccessKeyId: "canary",
        StringToSign: "canary",
        $response: { body: "canary" },
      }),
    );
    expect(summary.message).toBe("S3: SignatureDoesNotMatch: message (HTTP 403)");
    expect(inspect(summary, { showHidden: true, depth: 9 })).not.toContain("canary");
    expect(summaryOf(Object.assign(new Error("reset"), { code: "ECONNRESET" })).message).toBe(
      "S3: ECONNRESET: reset (no answer)",
    );
  });
});
