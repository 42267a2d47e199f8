import {
  batchOfEntries,
  contextOf,
  entryOf,
  failureFrom,
  startClockAhead,
} from "@kinesis-connectors/testkit";
import { describe, expect, it } from "vitest";
import { startOpenSearch } from "./local-opensearch.js";
import { failuresOf } from "./support.js";

const TWENTY_MINUTES_MS = 20 * 60_000;
const batch = (index: number) => batchOfEntries([entryOf(index, { number: index })]);
const aws = { region: "eu-central-1", credentials: { accessKeyId: "AKID", secretAccessKey: "secret" } };

describe("clock-is-off: a domain whose requests are signed", () => {
  it("takes every document once though the clock is off from the start, and of a sudden", async () => {
    await using server = await startOpenSearch();
    await using ahead = await startClockAhead(server.node, {
      aheadMs: TWENTY_MINUTES_MS,
      service: "opensearch",
    });
    const emitter = server.emitter({ node: ahead.endpoint, aws });
    await emitter.open?.(contextOf(undefined));
    expect(await failuresOf(emitter, batch(1))).toEqual({});
    ahead.aheadMs = 0;
    expect(await failuresOf(emitter, batch(2))).toEqual({});
    ahead.aheadMs = -TWENTY_MINUTES_MS;
    expect(await failuresOf(emitter, batch(3))).toEqual({});
    expect(server.documents()).toHaveLength(3);
    expect(ahead.refused).toBe(3);
  });

  it("is waited for while its own time does not help either; a wrong secret stops at once", async () => {
    await using server = await startOpenSearch();
    const emitter = server.emitter({ aws });
    const refuse = (message: string): string =>
      server.aws.faults.add({
        operation: "Bulk",
        times: "always",
        effect: { kind: "error", status: 403, code: "InvalidSignatureException", message },
      });
    const rule = refuse("Signature not yet current: 20261129T081500Z is still later than 20261129T075500Z");
    expect((await failureFrom(failuresOf(emitter, batch(1)))).name).toBe("signature_by_the_clock");
    server.aws.faults.remove(rule);
    refuse("The request signature we calculated does not match the signature you provided.");
    expect(await failureFrom(failuresOf(emitter, batch(1)))).toMatchObject({ code: "KC_EMIT_REFUSED" });
  });
});
