import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { cureAtOpen, failureOf, recordFailureOf, refusal, summaryOf } from "../src/failures.js";

const answer = (name: string, httpStatusCode?: number): Error =>
  Object.assign(new Error("said the service"), {
    name,
    $metadata: { httpStatusCode, requestId: "request-1" },
  });

describe("what a failed request means", () => {
  it.each([
    ["ProvisionedThroughputExceededException", 400, "retry"],
    ["LimitExceededException", 400, "retry"],
    ["RequestThrottledException", 400, "retry"],
    ["KMSThrottlingException", 400, "retry"],
    ["InternalFailureException", 500, "retry"],
    ["ServiceUnavailable", 503, "retry"],
    ["UnheardOfException", 429, "retry"],
    ["UnheardOfException", 502, "retry"],
    ["UnheardOfException", undefined, "retry"],
    ["UnheardOfException", 200, "retry"],
    ["ExpiredTokenException", 400, "expired"],
    ["ResourceNotFoundException", 400, "refused"],
    ["AccessDeniedException", 400, "refused"],
    ["InvalidArgumentException", 400, "refused"],
    ["KMSDisabledException", 400, "refused"],
    ["UnheardOfException", 400, "refused"],
    ["UnheardOfException", 403, "refused"],
  ])("%s with status %s: %s", (name, status, kind) => {
    expect(failureOf(answer(name, status)).kind).toBe(kind);
  });

  it("resets, time-outs and values that are no errors are tried again", () => {
    const reset = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
    expect([reset, "text", undefined].map((error) => failureOf(error).kind)).toEqual(Array(3).fill("retry"));
    expect(summaryOf(reset).message).toBe("Kinesis: ECONNRESET: read ECONNRESET (no answer)");
  });

  it("a missing region is no passing failure", () => {
    expect(failureOf(new Error("Region is missing"))).toMatchObject({ kind: "refused" });
    expect(cureAtOpen(new Error("Region is missing"))).toContain("AWS_REGION");
  });

  it("at the first look only what tells something about putting stops", () => {
    expect(cureAtOpen(answer("ResourceNotFoundException", 400))).toContain("create the stream");
    expect(cureAtOpen(answer("CredentialsProviderError"))).toContain("no credentials");
    expect(cureAtOpen(answer("TimeoutError"))).toContain("cannot be reached");
    expect(cureAtOpen(answer("AccessDeniedException", 400))).toBeUndefined();
    expect(cureAtOpen(answer("LimitExceededException", 400))).toBeUndefined();
  });

  it("S02 keeps nothing of the answer but code, message, status and request", () => {
    const error = Object.assign(answer("AccessDeniedException", 400), {
      $response: { headers: { authorization: "secret" } },
    });
    const shown = inspect(refusal("target", "grant it", error), { depth: 9 });
    expect(shown).toContain("AccessDeniedException");
    expect(shown).not.toContain("secret");
  });
});

describe("S02 messages that quote the request", () => {
  it.each(["ValidationException", "InvalidArgumentException", "SerializationException"])("%s", (name) => {
    const error = Object.assign(answer(name, 400), { message: "Value 'customer-77' at 'partitionKey'" });
    expect(inspect(refusal("target", "cure", error), { depth: 9 })).not.toContain("customer-77");
  });
});

describe("what an answer says of one record", () => {
  it("taken, refused, or not mentioned", () => {
    expect(recordFailureOf({ ShardId: "shardId-000000000000" })).toBeUndefined();
    expect(recordFailureOf({ ErrorCode: "InternalFailure" })?.name).toBe("InternalFailure");
    expect(recordFailureOf({})?.name).toBe("NoAnswer");
    expect(recordFailureOf(undefined)?.name).toBe("NoAnswer");
  });
});
