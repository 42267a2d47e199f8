import { describe, expect, it } from "vitest";

import { startConnector } from "../../src/connector.js";
import { collector, optionsFor, startAws, textPipeline } from "./support.js";

describe("a lease table that is slow when a connector starts", () => {
  it.each([
    ["describing, making and reading it", ["DescribeTable", "CreateTable", "Scan", "PutItem", "GetItem"]],
    ["listing it", ["Scan"]],
    ["the rows of the fleet's mode", ["GetItem"]],
  ])("is waited for, longer than a renewal may take: %s", async (_what, operations) => {
    await using local = await startAws();
    // A third of the failover time, in which a renewal must be through, and a second more.
    const failoverTimeMs = 600;
    local.faults.add({
      server: "dynamodb",
      operation: operations,
      times: "always",
      effect: { kind: "delay", delayMs: failoverTimeMs / 3 + 1_000 },
    });
    const options = optionsFor(local, textPipeline(collector().emitter));
    const connector = await startConnector({ ...options, leases: { ...options.leases, failoverTimeMs } });
    await connector.stop();
    expect(connector.ownerId).toBeDefined();
  });
});
