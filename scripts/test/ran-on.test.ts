import { expect, test } from "vitest";
import { ranOn } from "../ran-on.mjs";

const result = (status: string, ...ancestorTitles: readonly string[]) => ({ status, ancestorTitles });

test("what ran on a server is counted by the server, and what did not for want of one is told of", () => {
  const files = [
    {
      assertionResults: [
        result("passed", "on PostgreSQL 15.18", "a table"),
        result("failed", "a table", "on PostgreSQL 15.18"),
        result("skipped", "on PostgreSQL 15.18"),
        result("passed", "on PGlite"),
        result("passed", "on its own"),
      ],
    },
    {
      assertionResults: [
        result("skipped", "needs Redis or Valkey (npm run test:servers)"),
        result("pending", "needs Redis or Valkey (npm run test:servers)"),
      ],
    },
  ];
  expect(ranOn(files)).toEqual([
    "ran on: PostgreSQL 15.18 2, PGlite 1",
    "NOT RUN for want of a server: Redis or Valkey 2; npm run test:servers installs and runs them",
  ]);
  expect(ranOn([{ assertionResults: [result("passed", "on its own")] }])).toEqual([]);
});
