import { describe, expect, it } from "vitest";
import { definePipeline, type Emitter, json } from "@kinesis-connectors/core";
import {
  describeEmitterContract,
  runPipeline,
  simulatedShard,
  virtualClock,
} from "@kinesis-connectors/testkit";
import { logContract } from "./support/log-contract.js";

const emitter: Emitter<unknown> = {
  capabilities: { duplicates: "possible", ordering: "none" },
  emit: () => Promise.resolve({ failed: [] }),
};
const pipeline = definePipeline({ transformer: json(), emitter });

/** What only a caller without types can pass. */
const untyped = (options: object): never => options as never;

describe("options that there are none of", () => {
  it.each<[string, () => unknown, string]>([
    [
      "simulatedShard",
      () => simulatedShard([], untyped({ clock: virtualClock(), pageRecord: 1 })),
      "pageRecords",
    ],
    [
      "describeEmitterContract",
      () =>
        describeEmitterContract(untyped({ ...logContract({ describe: () => 0, it: () => 0 }), fault: {} })),
      "faults",
    ],
  ])("%s refuses them, and says which one was meant", (factory, make, meant) => {
    expect(make).toThrow(
      expect.objectContaining({
        code: "KC_OPTION_INVALID",
        message: expect.stringMatching(new RegExp(`^${factory} has no option .* did you mean ${meant}\\?$`)),
      }),
    );
  });

  it("runPipeline rejects with them", async () => {
    await expect(runPipeline(pipeline, [], untyped({ pageRecord: 1 }))).rejects.toThrow(
      "runPipeline has no option pageRecord: did you mean pageRecords?",
    );
  });
});
