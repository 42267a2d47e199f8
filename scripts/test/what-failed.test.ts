import { expect, test } from "vitest";
import { whatFailed } from "../what-failed.mjs";

const passed = { status: "passed", fullName: "all is well", failureMessages: [] };

test("a failed test is told by its file, its name and the start of its message", () => {
  const message = [
    "Error: 1 is not 2",
    "",
    ...Array.from({ length: 50 }, (_, index) => `    at line ${index}`),
  ].join("\n");
  const failed = { status: "failed", fullName: " adds", failureMessages: [message] };
  const lines = whatFailed(
    [{ name: "/here/a.test.ts", status: "failed", assertionResults: [passed, failed] }],
    "/here/",
  );
  expect(lines.slice(0, 3)).toEqual(["failed: a.test.ts > adds", "  Error: 1 is not 2", "      at line 0"]);
  expect(lines).toHaveLength(13);
});

test("a file that failed without a failed test is told with its own message, and one that passed is not told", () => {
  const lines = whatFailed(
    [
      { name: "/here/b.test.ts", status: "failed", message: "Cannot find module", assertionResults: [] },
      { name: "/here/c.test.ts", status: "passed", message: "", assertionResults: [passed] },
    ],
    "/here/",
  );
  expect(lines).toEqual(["failed: b.test.ts, outside of any test", "  Cannot find module"]);
});
