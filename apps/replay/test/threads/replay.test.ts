import { UNWATCHED } from "@kinesis-connectors/app-sample";
import { expect, it } from "vitest";
import { replayBesideLive } from "../../dist/scenario.js";

it("the sample lands exactly the window, each record once, through a kill -9", async () => {
  const result = await replayBesideLive(
    {
      shards: 2,
      seed: 5,
      from: 50 * 60_000,
      until: 15 * 60_000,
      records: 4_000,
      kills: 1,
      format: "records",
      "max-bytes-per-second": 4 * 1024 * 1024,
      "live-seconds": 1,
    },
    UNWATCHED,
  );
  expect(result).toMatchObject({ lost: 0, duplicated: 0, outside: 0, kills: 1, landed: result.putInWindow });
  expect(result.putInWindow).toBeGreaterThan(2_000);
  expect(result.liveRecords).toBeGreaterThan(0);
});
