import { createHash, createHmac } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Sha256 } from "../src/sha256.js";

const bytes = fc.uint8Array({ maxLength: 300 });
const source = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 200 }),
  bytes,
  bytes.map((given) => Uint8Array.from(given).buffer),
  bytes.map((given) => new DataView(Uint8Array.from([1, ...given, 2]).buffer, 1, given.length)),
);

const asBytes = (given: string | ArrayBuffer | ArrayBufferView): Uint8Array => {
  if (typeof given === "string") return Buffer.from(given);
  if (given instanceof ArrayBuffer) return new Uint8Array(given);
  return new Uint8Array(given.buffer, given.byteOffset, given.byteLength);
};

describe("the digests of signatures", () => {
  it("are those of SHA-256 and HMAC, in whatever pieces the data come", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(source, { maxLength: 4 }),
        fc.option(source, { nil: undefined }),
        async (pieces, secret) => {
          const plain = secret === undefined ? createHash("sha256") : createHmac("sha256", asBytes(secret));
          for (const piece of pieces) plain.update(asBytes(piece));
          const expected = plain.digest("hex");
          const own = new Sha256(secret);
          own.update("something before");
          own.reset();
          for (const piece of pieces) own.update(piece);
          expect(Buffer.from(await own.digest()).toString("hex")).toBe(expected);
        },
      ),
    );
  });
});
