import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

import { METRICS, metricsTally, prometheusText } from "../src/index.js";
import { connectorStarted, pageRead, started } from "./support/events.js";
import { scrapes } from "./support/scrapes.js";

const promtool = process.env["PROMTOOL"] ?? "promtool";
const rules = fileURLToPath(new URL("../../../deploy/prometheus/", import.meta.url));

function ask(args: readonly string[], input?: string) {
  const { status, stdout, stderr } = spawnSync(promtool, args, { cwd: rules, input, encoding: "utf8" });
  return { status, said: `${stdout}${stderr}` };
}

describe("promtool", () => {
  it("finds nothing wrong with any scrape of a connector that runs, has stopped or has failed", async () => {
    for (const text of await scrapes()) {
      expect(text.split("\n").length).toBeGreaterThan(50);
      expect(ask(["check", "metrics"], text)).toEqual({ status: 0, said: "" });
    }
  });

  it("finds nothing wrong with the name, type and help of any metric in the table, nor with labels that hold everything", () => {
    const metrics = metricsTally({ application: 'a"\\\n{},= €', stream: "\\n" });
    metrics.observe(connectorStarted("a"));
    metrics.observe(started("s\n"));
    metrics.observe(pageRead("s\n"));
    const all = METRICS.map(({ prometheus, kind, description }) =>
      kind === "histogram"
        ? ""
        : `# HELP ${prometheus} ${description}\n# TYPE ${prometheus} ${kind === "up-down" ? "gauge" : kind}\n${prometheus} 1\n`,
    ).join("");
    expect(ask(["check", "metrics"], prometheusText(metrics))).toEqual({ status: 0, said: "" });
    expect(ask(["check", "metrics"], all)).toEqual({ status: 0, said: "" });
    // It does find what is wrong.
    expect(ask(["check", "metrics"], "# TYPE a counter\na 1\n").status).not.toBe(0);
  });

  it("takes the alert rules, and their unit tests hold", () => {
    expect(ask(["check", "rules", "alerts.yaml"])).toMatchObject({ status: 0 });
    expect(ask(["test", "rules", "alerts.test.yaml"])).toMatchObject({ status: 0 });
  });
});
