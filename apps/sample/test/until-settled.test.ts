import { describe, expect, it } from "vitest";
import { untilSettled } from "../src/until-settled.js";

/** Reads one more record each time somebody looks; `done` settles as told, or when it is stopped. */
function connector(ending?: Promise<void>) {
  let end: () => void = () => undefined;
  const stopped = new Promise<void>((resolve) => {
    end = resolve;
  });
  let recordsRead = 0;
  let stops = 0;
  return {
    done: ending ?? stopped,
    progress: () => ({ recordsRead: (recordsRead += 1) }),
    stop: () => {
      stops += 1;
      end();
      return Promise.resolve();
    },
    stops: () => stops,
    recordsRead: () => recordsRead,
  };
}

describe("waiting for a connector", () => {
  it("stops it when everything is read, and not before", async () => {
    const reading = connector();
    await untilSettled(reading, 3);
    expect([reading.recordsRead(), reading.stops()]).toEqual([3, 1]);
  });

  it("ends with the error of a connector that fails", async () => {
    const failed = connector(Promise.reject(new Error("no rights")));
    await expect(untilSettled(failed, 1_000_000)).rejects.toThrow("no rights");
    expect(failed.stops()).toBe(0);
  });

  it("does not take an early end for success", async () => {
    await expect(untilSettled(connector(Promise.resolve()), 1_000_000)).rejects.toThrow(
      "the connector ended before it had read everything",
    );
  });
});
