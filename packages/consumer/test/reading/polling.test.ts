import { describe, expect, it } from "vitest";

import { readOn, SHARD, startReading, STREAM, texts } from "./support.js";

describe("polling a shard", () => {
  it("reads everything that was put, in order, and reports that it is at the tip", async () => {
    await using fixture = await startReading();
    fixture.put("a", "b", "c");
    const reader = fixture.open({ type: "trim-horizon" });
    const { pages, texts: seen } = await readOn(fixture, reader);
    expect(seen).toEqual(["a", "b", "c"]);
    expect(pages.at(-1)?.millisBehindLatest).toBe(0);
    fixture.put("d");
    expect(texts((await fixture.next(reader)).records)).toEqual(["d"]);
  });
});
