import { batchOfEntries, contextOf, deliver, entryOf, startClockAhead } from "@kinesis-connectors/testkit";
import { RedshiftDataClient } from "@aws-sdk/client-redshift-data";
import { jsonAuto, redshiftEmitter } from "@kinesis-connectors/redshift";
import { describe, expect, it } from "vitest";
import { startRedshift } from "./local-redshift.js";

const TWENTY_MINUTES_MS = 20 * 60_000;
const batch = (index: number) => batchOfEntries([entryOf(index, { id: index })]);

describe("clock-is-off: a table that is loaded by the Data API", () => {
  it("takes every row once though the clock is off from the start, and of a sudden", async () => {
    await using redshift = await startRedshift();
    await redshift.query("CREATE TABLE clock_is_off (id BIGINT NOT NULL)");
    const reach = redshift.aws.clientOptions("redshift");
    await using ahead = await startClockAhead(reach.endpoint, { aheadMs: TWENTY_MINUTES_MS });
    // The client's own repetitions are switched off: it is the connection that makes the call again.
    const client = new RedshiftDataClient({ ...reach, endpoint: ahead.endpoint, maxAttempts: 1 });
    const { region: _region, endpoint: _endpoint, credentials: _credentials, ...options } = redshift.options;
    const emitter = redshiftEmitter({
      ...options,
      client,
      table: "clock_is_off",
      columns: ["id"],
      format: jsonAuto(),
    });
    await emitter.open?.(contextOf(undefined));
    await deliver(emitter, batch(1));
    ahead.aheadMs = 0;
    await deliver(emitter, batch(2));
    ahead.aheadMs = -TWENTY_MINUTES_MS;
    await deliver(emitter, batch(3));
    expect(await redshift.query("SELECT id FROM clock_is_off ORDER BY id")).toEqual([
      { id: "1" },
      { id: "2" },
      { id: "3" },
    ]);
    expect(ahead.refused).toBe(3);
    await emitter.close?.();
    client.destroy();
  });
});
