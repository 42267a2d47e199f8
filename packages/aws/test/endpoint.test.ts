import { KinesisConnectorError } from "@kinesis-connectors/core";
import { describe, expect, it } from "vitest";
import { checkClientEndpoint, checkedEndpoint, isLoopback, isOfAws } from "../src/endpoint.js";

describe("an endpoint", () => {
  it("may be https anywhere, and http on this machine", () => {
    for (const endpoint of [
      "https://s3.example.com",
      "http://127.0.0.1:4566",
      "http://localhost:1",
      "http://[::1]:80",
    ]) {
      expect(checkedEndpoint(endpoint, false).href).toContain("//");
    }
  });

  it("may not be http to another machine unless that is permitted outright (S11, S14)", () => {
    for (const endpoint of [
      "http://10.0.0.1",
      "http://169.254.169.254/latest",
      "http://127.0.0.1.example.com",
      "http://localhost.example.com",
    ]) {
      expect(() => checkedEndpoint(endpoint, false)).toThrow(/http to another machine/);
      expect(checkedEndpoint(endpoint, true).protocol).toBe("http:");
    }
  });

  it("may not be anything but a web address, and never holds credentials", () => {
    for (const endpoint of ["", "s3", "file:///etc/passwd", "ftp://host", "https://user:secret@host"]) {
      expect(() => checkedEndpoint(endpoint, true)).toThrow(KinesisConnectorError);
      expect(() => checkedEndpoint(endpoint, true)).not.toThrow(/secret/);
    }
  });

  it("is this machine only by its whole name", () => {
    expect(isLoopback("127.9.9.9")).toBe(true);
    expect(isLoopback("1127.0.0.1")).toBe(false);
    expect(isLoopback("127.0.0.1.nip.io")).toBe(false);
  });
});

describe("the endpoint that a client will use", () => {
  const rule = { allowInsecure: false, service: "S3" };
  const far = async () => "http://example.com";

  it("is what the client itself finds, unless its code names one or has it ignore the others", async () => {
    expect(await checkClientEndpoint({ config: {} }, rule)).toBeUndefined();
    const here = { config: { serviceConfiguredEndpoint: async () => "http://127.0.0.1:1" } };
    expect((await checkClientEndpoint(here, rule))?.port).toBe("1");
    await expect(checkClientEndpoint({ config: { serviceConfiguredEndpoint: far } }, rule)).rejects.toThrow(
      /^the endpoint of S3 \(AWS_ENDPOINT_URL\*, or endpoint_url of the shared config file\) is http to another machine/,
    );
    const ignoring = { config: { serviceConfiguredEndpoint: far, ignoreConfiguredEndpointUrls: true } };
    expect(await checkClientEndpoint(ignoring, rule)).toBeUndefined();
    const endpoint = async () => ({ protocol: "http:", hostname: "example.com", port: 80, path: "/" });
    const ofCode = { config: { isCustomEndpoint: true, endpoint, serviceConfiguredEndpoint: far } };
    await expect(checkClientEndpoint(ofCode, rule)).rejects.toThrow(/http to another machine/);
    // What the caller wrote on a client of his own, he knows.
    expect((await checkClientEndpoint(ofCode, { ...rule, isOwn: true }))?.hostname).toBe("example.com");
  });

  it("is a mistake by name where the shared config file cannot be read", async () => {
    const broken = { config: { serviceConfiguredEndpoint: () => Promise.reject(new Error("no section")) } };
    await expect(checkClientEndpoint(broken, rule)).rejects.toMatchObject({
      code: "KC_OPTION_INVALID",
      cause: { message: "no section" },
    });
  });

  it.each([
    ["https://s3.eu-central-1.amazonaws.com", true],
    ["https://bucket.vpce-1a2b-5678.s3.us-east-1.vpce.amazonaws.com", true],
    ["https://s3.cn-north-1.amazonaws.com.cn", true],
    ["https://s3.dualstack.eu-west-1.api.aws", true],
    ["https://s3.amazonaws.com.example.com", false],
    ["https://notamazonaws.com", false],
    ["https://minio.example.com", false],
    ["http://127.0.0.1:9000", false],
  ])("%s is of AWS: %s", (url, expected) => {
    expect(isOfAws(new URL(url))).toBe(expected);
  });
});
