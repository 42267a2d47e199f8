import { isThrottlingError, isTransientError } from "@smithy/core/retry";
import { describe, expect, it } from "vitest";
import {
  cureAtHome,
  cureAtStart,
  describeAwsError,
  isForeignAnswer,
  laterBy,
  summaryOf,
} from "../src/aws-error.js";

describe("an error of the SDK", () => {
  const thrown = Object.assign(new Error("secret value AKIACANARY"), {
    name: "AccessDenied",
    $metadata: { httpStatusCode: 403, requestId: "r-1" },
    $response: { body: "AKIACANARY" },
  });

  it("is reduced to what may be shown (S05)", () => {
    const summary = summaryOf(thrown, { service: "DynamoDB", message: false });
    expect(summary.message).toBe("DynamoDB: AccessDenied (HTTP 403, request r-1)");
    expect(
      JSON.stringify(Object.getOwnPropertyNames(summary).map((name) => Reflect.get(summary, name))),
    ).not.toContain("AKIACANARY");
  });

  it("of a socket is known by the socket's code", () => {
    expect(describeAwsError(Object.assign(new Error("x"), { code: "ECONNRESET" })).code).toBe("ECONNRESET");
    expect(describeAwsError(undefined)).toMatchObject({ code: "UnknownError", status: undefined });
  });

  it("of an answer that is none of the service's says so, and quotes nothing of it", () => {
    const html = (name: string, httpStatusCode: number) =>
      Object.assign(new Error("Unexpected token '<', \"<html>CANARY\""), {
        name,
        $metadata: { httpStatusCode },
      });
    for (const error of [html("SyntaxError", 404), html("Error", 503), html("SyntaxError", 200)]) {
      expect(isForeignAnswer(error)).toBe(true);
      const { message } = summaryOf(error, { service: "Kinesis", message: true });
      expect(message).toMatch(/^Kinesis: ForeignAnswer: .* \(HTTP \d{3}\)$/);
      expect(message).not.toContain("CANARY");
    }
    expect(isForeignAnswer(html("Unknown", 403))).toBe(true);
    for (const error of [thrown, new SyntaxError("of our own"), new Error("reset")])
      expect(isForeignAnswer(error)).toBe(false);
  });

  it("says that the request may work later by each code by which the SDK's client repeats it", () => {
    const named = (name: string): Parameters<typeof isThrottlingError>[0] =>
      Object.assign(new Error("x") as Error & { cause?: Error }, { name, $metadata: {} });
    const throttled =
      `BandwidthLimitExceeded EC2ThrottledException LimitExceededException PriorRequestNotComplete ProvisionedThroughputExceededException
      RequestLimitExceeded RequestThrottled RequestThrottledException SlowDown ThrottledException Throttling ThrottlingException TooManyRequestsException
      TransactionInProgressException`.split(/\s+/);
    for (const code of throttled)
      expect([code, laterBy(code), isThrottlingError(named(code))]).toEqual([code, "throttled", true]);
    for (const code of ["RequestTimeout", "RequestTimeoutException"])
      expect([code, laterBy(code), isTransientError(named(code))]).toEqual([code, "late", true]);
    expect(laterBy("ValidationException")).toBeUndefined();
  });

  it("that never left the machine comes with its cure", () => {
    expect(cureAtHome(new Error("Region is missing"))).toContain("AWS_REGION");
    expect(cureAtHome(Object.assign(new Error("x"), { name: "CredentialsProviderError" }))).toContain(
      "credentials",
    );
    for (const code of ["SELF_SIGNED_CERT_IN_CHAIN", "UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "CERT_HAS_EXPIRED"])
      expect(cureAtStart(Object.assign(new Error("certificate"), { code }))).toContain("NODE_EXTRA_CA_CERTS");
    expect(cureAtHome(thrown)).toBeUndefined();
  });
});
