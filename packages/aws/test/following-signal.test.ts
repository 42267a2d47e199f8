import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { following } from "../src/following-signal.js";

describe("a signal that follows another one", () => {
  it("is aborted with it, for the same reason", () => {
    const given = new AbortController();
    using followed = following(given.signal);
    expect(followed.signal.aborted).toBe(false);
    const reason = new Error("the lease is lost");
    given.abort(reason);
    expect(followed.signal.reason).toBe(reason);
  });

  it("is aborted from the start where the other one was", () => {
    using followed = following(AbortSignal.abort("too late"));
    expect(followed.signal.reason).toBe("too late");
  });

  it("listens once to the other one however many listen to it, and no more in the end", () => {
    const { signal } = new AbortController();
    {
      using followed = following(signal);
      for (let listener = 0; listener < 20; listener += 1)
        followed.signal.addEventListener("abort", () => undefined);
      expect(getEventListeners(signal, "abort")).toHaveLength(1);
    }
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });
});
