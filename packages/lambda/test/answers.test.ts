import { describe, expect, test } from "vitest";

import { firstFailure } from "../src/handler/answer.js";
import { failedFrom } from "../src/testing/judge-answer.js";

const at = (sequenceNumber: string, subSequenceNumber = 0) => ({ sequenceNumber, subSequenceNumber });

describe("where the service has to go on", () => {
  const records = [at("11"), at("12"), at("13")];

  test("is the first record, where nothing was dealt with", () => {
    expect(firstFailure(records, records, undefined)).toBe("11");
    expect(firstFailure(records, records, at("10"))).toBe("11");
  });

  test("is the first record after the checkpoint", () => {
    expect(firstFailure(records, [at("12"), at("13")], at("11"))).toBe("12");
  });

  test("is an aggregate's own number, where the checkpoint lies inside of it", () => {
    expect(firstFailure(records, [at("12", 3), at("13")], at("12", 2))).toBe("12");
  });

  test("is an aggregate that was left out, when that is all there is behind the checkpoint", () => {
    expect(firstFailure(records, [], at("12", 5))).toBe("13");
  });

  test("is nowhere, when all has been dealt with", () => {
    expect(firstFailure(records, [], at("13"))).toBeUndefined();
    expect(firstFailure(records, [], at("1000"))).toBeUndefined();
  });
});

describe("an answer as the service reads it", () => {
  const numbers = ["11", "12", "13"];
  const answered = (answer: unknown) => failedFrom({ type: "answered", answer }, numbers, true);
  const failures = (...identifiers: unknown[]) =>
    answered({ batchItemFailures: identifiers.map((itemIdentifier) => ({ itemIdentifier })) });

  test.each([[null], [undefined], [{}], [{ batchItemFailures: null }], [{ batchItemFailures: [] }]])(
    "%j is complete success",
    (answer) => expect(answered(answer)).toBeUndefined(),
  );

  test.each([[""], [null], ["10"], ["twelve"]])("the identifier %j is complete failure", (identifier) =>
    expect(failures("13", identifier)).toBe(0),
  );

  test.each([["a text"], [{ batchItemFailures: "12" }]])("%j is complete failure", (answer) =>
    expect(answered(answer)).toBe(0),
  );

  test("of several identifiers the lowest counts", () => {
    expect(failures("13")).toBe(2);
    expect(failures("13", "12")).toBe(1);
  });

  test("means nothing without ReportBatchItemFailures, and an error is complete failure in any case", () => {
    expect(
      failedFrom(
        { type: "answered", answer: { batchItemFailures: [{ itemIdentifier: "12" }] } },
        numbers,
        false,
      ),
    ).toBeUndefined();
    expect(failedFrom({ type: "failed" }, numbers, false)).toBe(0);
  });
});
