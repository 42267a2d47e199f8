import { systemClock } from "@kinesis-connectors/core";
import { describe, expect, it } from "vitest";
import { limited } from "../src/limited.js";

const never = (): Promise<never> => new Promise(() => undefined);

describe("a request within its time", () => {
  it("gives the answer, and leaves neither timer nor listener behind", async () => {
    let timers = 0;
    const clock = {
      ...systemClock,
      setTimer: (delayMs: number, callback: () => void) => {
        timers += 1;
        const timer = systemClock.setTimer(delayMs, callback);
        return {
          cancel: () => {
            timers -= 1;
            timer.cancel();
          },
        };
      },
    };
    const { signal } = new AbortController();
    expect(await limited({ requestTimeoutMs: 1_000 }, { signal, clock }, async () => 7)).toBe(7);
    expect(timers).toBe(0);
  });

  it("is over when the time is over, and the request is told", async () => {
    const { signal } = new AbortController();
    let told: AbortSignal | undefined;
    const waiting = limited({ requestTimeoutMs: 5 }, { signal, clock: systemClock }, (abortSignal) => {
      told = abortSignal;
      return never();
    });
    await expect(waiting).rejects.toMatchObject({ name: "TimeoutError" });
    expect(told?.aborted).toBe(true);
  });

  it("rejects with the caller's reason as soon as the caller gives up", async () => {
    const controller = new AbortController();
    const waiting = limited(
      { requestTimeoutMs: 60_000 },
      { signal: controller.signal, clock: systemClock },
      never,
    );
    const reason = new Error("lease lost");
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
  });
});
