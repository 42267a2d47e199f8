import { Readable } from "node:stream";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { clicks } from "../src/clicks.js";
import { readLines } from "../src/lines.js";

async function linesOf(chunks: readonly Uint8Array[]): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of readLines(Readable.from(chunks.map((chunk) => Buffer.from(chunk)))))
    lines.push(line.toString("latin1"));
  return lines;
}

describe("lines of an input", () => {
  it("are the same however the bytes arrive", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc
            .uint8Array({ minLength: 1, maxLength: 20 })
            .map((bytes) => bytes.map((byte) => (byte === 10 || byte === 13 ? 46 : byte))),
        ),
        fc.integer({ min: 1, max: 7 }),
        async (lines, chunkBytes) => {
          const whole = Buffer.concat(lines.map((line) => Buffer.concat([line, Buffer.from("\n")])));
          const chunks: Buffer[] = [];
          for (let start = 0; start < whole.length; start += chunkBytes)
            chunks.push(whole.subarray(start, start + chunkBytes));
          expect(await linesOf(chunks)).toEqual(lines.map((line) => Buffer.from(line).toString("latin1")));
        },
      ),
      { numRuns: 200 },
    );
  });

  it("do not need a line feed at the end, and blank ones are passed over", async () => {
    expect(await linesOf([Buffer.from("a\n\n\r\nb")])).toEqual(["a", "b"]);
  });
});

describe("generated clicks", () => {
  it("are the same for the same seed, and others for another", () => {
    const of = (seed: number): string => Buffer.concat([...clicks(50, seed)]).toString();
    expect(of(7)).toBe(of(7));
    expect(of(7)).not.toBe(of(8));
  });

  it("are JSON documents of about 200 bytes", () => {
    for (const click of clicks(500, 1)) {
      expect(JSON.parse(click.toString())).toHaveProperty("userId");
      expect(click.length).toBeGreaterThan(150);
      expect(click.length).toBeLessThan(260);
    }
  });
});
