import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { BodyMemory } from "../../src/index.js";
import { ChunkedBody } from "../../src/http/chunked-body.js";
import { UntilCloseBody } from "../../src/http/streamed-body.js";

const MiB = 1024 * 1024;
const BODY_BYTES = 10 * MiB;

setFlagsFromString("--expose-gc");
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
const collect = runInNewContext("gc") as () => void;

/** What the process kept while this ran, at its most, beyond what it had. What is garbage does not count: how much of it waits differs from Node to Node. */
function memoryOf(work: (look: () => void) => void): number {
  const taken = (): number => {
    collect();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const before = taken();
  let most = before;
  work(() => (most = Math.max(most, taken())));
  return most - before;
}

describe("a body that comes in pieces of one byte", () => {
  it("in chunks takes no more memory than its bytes do", () => {
    const body = new ChunkedBody(new BodyMemory(), 32 * MiB);
    // As many chunks as a read brings.
    const read = Buffer.from("1\r\nx\r\n".repeat(700));
    const extra = memoryOf((look) => {
      for (let left = BODY_BYTES; left > 0; left -= 700) {
        const bytes = left < 700 ? read.subarray(0, left * 6) : read;
        expect(body.push(bytes)).toBe(bytes.length);
        if (left % 350_000 < 700) look();
      }
      body.push(Buffer.from("0\r\n\r\n"));
    });
    expect(body.isDone).toBe(true);
    expect(body.body().length).toBe(BODY_BYTES);
    expect(body.body().every((byte) => byte === 0x78)).toBe(true);
    expect(extra).toBeLessThan(48 * MiB);
  });

  it("until the connection ends takes no more either", () => {
    const body = new UntilCloseBody(new BodyMemory(), 32 * MiB);
    const byte = Buffer.from("x");
    const extra = memoryOf((look) => {
      for (let left = BODY_BYTES; left > 0; left -= 1) {
        body.push(byte);
        if (left % 500_000 === 0) look();
      }
    });
    expect(body.body().length).toBe(BODY_BYTES);
    expect(extra).toBeLessThan(48 * MiB);
  });
});
