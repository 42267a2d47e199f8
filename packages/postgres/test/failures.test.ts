import { describe, expect, it } from "vitest";
import { failureOf, isAboutRows, summaryOf } from "../src/failures.js";

const answered = (code: string, more: object = {}): Error =>
  Object.assign(new Error("the value secret is wrong"), {
    severity: "ERROR",
    code,
    detail: "Key (a)=(secret)",
    ...more,
  });

describe("what PostgreSQL answers", () => {
  it.each(
    [
      [
        "08000",
        "08006",
        "08P01",
        "25006",
        "25P03",
        "40001",
        "40P01",
        "53000",
        "53100",
        "53200",
        "53300",
        "55P03",
        "57014",
        "57P01",
        "57P02",
        "57P03",
        "57P05",
        "58030",
        "XX000",
      ],
    ].flat(),
  )("%s is tried again", (code) => {
    expect(failureOf(answered(code)).kind).toBe("retry");
  });

  it.each([
    "22001",
    "22003",
    "22P02",
    "22P05",
    "23502",
    "23505",
    "23514",
    "23P01",
    "21000",
    "44000",
    "54000",
    "P0001",
    "P0002",
    "P0003",
    "09000",
    "20000",
    "27000",
    "38000",
    "39004",
  ])("%s is about rows", (code) => {
    expect(failureOf(answered(code)).kind).toBe("data");
  });

  it.each([
    ["28000", "connection.user"],
    ["28P01", "connection.password"],
    ["3D000", "connection.database"],
    ["3F000", "schema"],
    ["42P01", "`table`"],
    ["42703", "`columns`"],
    ["42804", "`columns`"],
    ["42501", "grant"],
    ["42P10", "unique index"],
    ["0A000", "message"],
  ])("%s stops, and names %s", (code, cure) => {
    expect(failureOf(answered(code))).toMatchObject({ kind: "refused", cure: expect.stringContaining(cure) });
  });

  it.each(["ECONNREFUSED", "ECONNRESET", "ENOTFOUND", "EPIPE", "ETIMEDOUT"])("%s is tried again", (code) => {
    expect(failureOf(Object.assign(new Error(code), { code }))).toEqual({ kind: "retry" });
  });

  it.each([
    [Object.assign(new Error("self-signed"), { code: "DEPTH_ZERO_SELF_SIGNED_CERT" }), "connection.tls.ca"],
    [new Error("The server does not support SSL connections"), "connection.tls"],
    [new Error("SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string"), "connection.password"],
  ])("%s stops, and names %s", (error, cure) => {
    expect(failureOf(error)).toMatchObject({ kind: "refused", cure: expect.stringContaining(cure) });
  });

  it.each([
    ["42501", "ExecWithCheckOptions", true],
    ["42501", "aclcheck_error", false],
    ["KC001", "exec_stmt_raise", true],
    ["42501", "exec_stmt_raise", true],
    ["40001", "exec_stmt_raise", false],
    ["KC001", "", false],
  ])("%s of %s: about the row that is written is %s", (code, routine, isOfRow) => {
    const error = answered(code, { routine });
    expect(isAboutRows(error)).toBe(isOfRow);
    if (isOfRow) expect(summaryOf(error).message).not.toContain("secret");
  });

  it("is told without what it may hold of a row", () => {
    const names = { schema: "public", table: "items", column: "a", constraint: "items_a_key" };
    for (const code of ["22P02", "23505", "P0001", "XX000"]) {
      const summary = summaryOf(answered(code, names));
      expect(`${summary.message} ${JSON.stringify(Object.entries(summary))}`).not.toContain("secret");
      expect(summary.message).toContain("constraint items_a_key");
      expect(summary).toMatchObject({ code });
    }
  });
});
