import { describe, expect, it } from "vitest";
import { BodyMemory } from "../../src/index.js";

const MiB = 1024 * 1024;

describe("memory for bodies", () => {
  it("is used again for a body of about the same size, and no body is longer than asked for", () => {
    const memory = new BodyMemory();
    const first = memory.take(3 * MiB + 5);
    memory.give(first);
    const second = memory.take(3 * MiB - 70_000);
    expect(second.buffer).toBe(first.buffer);
    expect(second.length).toBe(3 * MiB - 70_000);
    expect(memory.freeBytes).toBe(0);
  });

  it("that is lent out is never lent again", () => {
    const memory = new BodyMemory();
    const bodies = Array.from({ length: 5 }, () => memory.take(MiB));
    expect(new Set(bodies.map(({ buffer }) => buffer)).size).toBe(5);
  });

  it("that is given back twice, or was never lent, is left alone", () => {
    const memory = new BodyMemory();
    const body = memory.take(MiB);
    memory.give(body);
    memory.give(body);
    memory.give(Buffer.alloc(MiB));
    memory.give(memory.take(10));
    const again = [memory.take(MiB), memory.take(MiB)];
    expect(again[0]?.buffer).toBe(body.buffer);
    expect(again[1]?.buffer).not.toBe(body.buffer);
  });

  it("of a large body does not serve a small one", () => {
    const memory = new BodyMemory();
    memory.give(memory.take(10 * MiB));
    expect(memory.take(MiB).buffer.byteLength).toBeLessThan(2 * MiB);
  });

  it("is kept free only up to a bound, the sizes of late first", () => {
    const memory = new BodyMemory();
    const bodies = Array.from({ length: 20 }, () => memory.take(4 * MiB));
    for (const body of bodies) memory.give(body);
    expect(memory.freeBytes).toBeLessThanOrEqual(36 * MiB);
    expect(memory.take(4 * MiB).buffer).toBe(bodies.at(-1)?.buffer);
  });
});
