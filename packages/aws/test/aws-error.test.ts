import { describe, expect, it } from "vitest";
import { cureAtHome, describeAwsError, summaryOf } from "../src/aws-error.js";

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

  it("that never left the machine comes with its cure", () => {
    expect(cureAtHome(new Error("Region is missing"))).toContain("AWS_REGION");
    expect(cureAtHome(Object.assign(new Error("x"), { name: "CredentialsProviderError" }))).toContain(
      "credentials",
    );
    expect(cureAtHome(thrown)).toBeUndefined();
  });
});
