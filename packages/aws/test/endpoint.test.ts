import { KinesisConnectorError } from "@kinesis-connectors/core";
import { describe, expect, it } from "vitest";
import { checkedEndpoint, isLoopback } from "../src/endpoint.js";

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
