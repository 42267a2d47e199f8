import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import {
  fullHashKeyRange,
  isInHashKeyRange,
  maxHashKey,
  parseExplicitHashKey,
  partitionHashKey,
} from "../../src/index.js";

describe("hash keys", () => {
  it("reads a partition key's MD5 as an unsigned number", () => {
    expect(partitionHashKey("pk-a")).toBe(37734456349525827306212900493151175156n);
    expect(partitionHashKey("pk-b")).toBe(85407741071154541078745004925322871391n);
    // RFC 1321's digest of "a" opens with 0x0c, that of "abc" with 0x90: a sign bit must not show.
    expect(partitionHashKey("a")).toBe(0x0cc175b9c0f1b6a831c399e269772661n);
    expect(partitionHashKey("abc")).toBe(0x900150983cd24fb0d6963f7d28e17f72n);
  });

  it("hashes the UTF-8 bytes", () => {
    expect(partitionHashKey("\u00e9")).toBe(0x66ddcd97cfdeabb2f6fb8a999b4bc76fn);
  });

  it("reads every decimal from 0 to 2^128 - 1 and nothing else", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: maxHashKey }), (hashKey) => {
        expect(parseExplicitHashKey(String(hashKey))).toBe(hashKey);
        expect(parseExplicitHashKey(`0${hashKey}`)).toBeUndefined();
        expect(parseExplicitHashKey(String(hashKey + maxHashKey + 1n))).toBeUndefined();
        expect(isInHashKeyRange(hashKey, fullHashKeyRange)).toBe(true);
      }),
    );
    for (const text of ["", " 1", "1\n", "-1", "0x1", "1n", "\u0661"])
      expect(parseExplicitHashKey(text)).toBeUndefined();
  });
});
