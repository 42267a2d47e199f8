import { describe, expect, it } from "vitest";

import { startConnector } from "../../src/connector.js";
import { collector, optionsFor, startAws, textPipeline } from "./support.js";

describe("a lease table that is slow when a connector starts", () => {
  it.each([
    [
      "describing, making and reading it",
      "auto",
      ["DescribeTable", "CreateTable", "Scan", "PutItem", "GetItem"],
    ],
    ["listing it", "auto", ["Scan"]],
    ["the rows of the fleet's mode", "auto", ["GetItem"]],
    [
      "what begins a fleet's 3.x mode",
      "3x",
      ["DescribeTable", "CreateTable", "Scan", "PutItem", "GetItem", "UpdateItem"],
    ],
  ] as const)("is waited for, longer than a renewal may take: %s", async (_what, mode, operations) => {
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
    const connector = await startConnector({
      ...options,
      leases: { ...options.leases, failoverTimeMs, mode },
    });
    await connector.stop();
    expect(connector.ownerId).toBeDefined();
  });
});
