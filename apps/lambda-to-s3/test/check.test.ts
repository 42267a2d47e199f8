import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { checkArchive } from "../src/check.js";

const place = (line: string) =>
  line.startsWith("damaged") ? "dead-letter" : line === "filtered" ? "nowhere" : "archive";
const letter = (line: string): string => JSON.stringify({ data: Buffer.from(line).toString("base64") });
const object = (key: string, ...lines: readonly string[]) => ({
  key,
  body: gzipSync(lines.map((line) => `${line}\n`).join("")),
});

describe("the check of the archive", () => {
  const put = ["one", "two", "damaged 3", "filtered"];

  test("is right when each line is where it belongs, and passes over what the store was tried with", () => {
    const objects = [
      object("clicks/a", "one", "two"),
      object("dead-letters/b", letter("damaged 3")),
      { key: "clicks/_tried", body: Buffer.from("Written to try") },
    ];
    expect(checkArchive(put, objects, place)).toEqual({
      put: 4,
      landed: 2,
      deadLetters: 1,
      filtered: 1,
      lost: 0,
      duplicated: 0,
      phantom: 0,
    });
  });

  test("finds what is lost, what landed twice, and what nobody put", () => {
    const objects = [
      object("clicks/a", "one", "three"),
      object("clicks/b", "one"),
      object("clicks/c", "filtered"),
    ];
    expect(checkArchive(put, objects, place)).toMatchObject({ lost: 2, duplicated: 1, phantom: 2 });
  });
});
