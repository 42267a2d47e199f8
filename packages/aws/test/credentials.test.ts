import { describe, expect, it } from "vitest";
import { checkCredentials } from "../src/index.js";

const keys = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "s3cr3t" };
const refusalOf = (given: unknown): string => {
  try {
    checkCredentials("credentials", given);
  } catch (error) {
    return String(error);
  }
  return "";
};

describe("checkCredentials()", () => {
  it.each<[string, unknown]>([
    ["none", undefined],
    ["keys", keys],
    ["a session", { ...keys, sessionToken: "t", expiration: new Date(0) }],
    ["what a provider of the SDK gave", { ...keys, credentialScope: "s", accountId: "1", $source: {} }],
    ["a function", () => Promise.resolve(keys)],
    [
      "another SDK's class",
      Object.assign(Object.create({ refresh: () => undefined }) as object, keys, { expired: false }),
    ],
  ])("takes %s", (_name, given) => {
    expect(refusalOf(given)).toBe("");
  });

  it.each<[unknown, string]>([
    [{ ...keys, sesionToken: "t0k3n" }, "did you mean sessionToken?"],
    [{ accessKeyID: "AKIDEXAMPLE", secretAccessKey: "s3cr3t" }, "did you mean accessKeyId?"],
    [{ accessKeyId: "AKIDEXAMPLE" }, "secretAccessKey is missing"],
    [{ ...keys, secretAccessKey: " s3cr3t\n" }, "credentials.secretAccessKey must be a text"],
    [{ ...keys, secretAccessKey: "" }, "credentials.secretAccessKey must be a text"],
    ["AKIDEXAMPLE:s3cr3t", "must be an object"],
    [null, "must be an object"],
  ])("refuses what is none, without a word of what is in it: %#", (given, message) => {
    const refusal = refusalOf(given);
    expect(refusal).toContain(message);
    expect(refusal).not.toMatch(/AKID|s3cr3t|t0k3n/);
  });
});
