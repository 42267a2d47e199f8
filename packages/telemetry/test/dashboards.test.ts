import { readFile } from "node:fs/promises";
import { beforeAll, describe, expect, it } from "vitest";

import { METRICS } from "../src/index.js";
import { parsePrometheus } from "./support/prometheus-parser.js";
import { scrapes } from "./support/scrapes.js";

const deploy = new URL("../../../deploy/", import.meta.url);
const read = (path: string): Promise<string> => readFile(new URL(path, deploy), "utf8");

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource?: { readonly uid: string };
  readonly targets?: readonly { readonly expr: string; readonly datasource: { readonly uid: string } }[];
}

interface Dashboard {
  readonly uid: string;
  readonly schemaVersion: number;
  readonly __inputs: readonly { readonly name: string; readonly pluginId: string }[];
  readonly panels: readonly Panel[];
}

/** Every metric name of a series that a scrape has: histograms have three, which begin with theirs. */
const seriesOf = ({ prometheus, kind }: (typeof METRICS)[number]): readonly string[] =>
  kind === "histogram" ? ["_bucket", "_sum", "_count"].map((end) => prometheus + end) : [prometheus];

/** What the Java KCL tells by its OpenTelemetry backend, through the collector's Prometheus exporter (KCL 3.5, `OtelMetricNameTransformer.java`). */
const OF_THE_KCL = ["aws_kinesis_client_consumer_lag_duration_milliseconds_bucket"];

const namesIn = (text: string): ReadonlySet<string> =>
  new Set(text.match(/\b(?:kinesis_connectors|aws_kinesis_client)_[a-z0-9_]+(?=[\s{)[<>=]|$)/gm));

/** Labels look like metrics: `kinesis_connectors_application` is one. */
const LABELS = new Set(["kinesis_connectors_application"]);

let dashboard: Dashboard;
let queries: readonly string[];
let alerts: string;
let seen: ReadonlySet<string>;
let labels: ReadonlySet<string>;

beforeAll(async () => {
  dashboard = JSON.parse(await read("grafana/kinesis-connectors.json")) as Dashboard;
  queries = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
  alerts = (await read("prometheus/alerts.yaml"))
    .replaceAll(/^\s*#.*$/gm, "")
    .replaceAll(/^\s*(summary|cure):.*$/gm, "");
  const samples = (await scrapes()).flatMap(parsePrometheus);
  seen = new Set(samples.map(({ name }) => name));
  labels = new Set(samples.flatMap((sample) => Object.keys(sample.labels)));
});

describe("every metric that is asked for", () => {
  it("by the dashboard and by the alerts is in METRICS, and was seen in a scrape of a real connector", () => {
    const known = new Set([...METRICS.flatMap(seriesOf), ...OF_THE_KCL]);
    const rare = new Set([
      // Needs a consumer of enhanced fan-out, and an event loop that stood still for seconds.
      "kinesis_connectors_subscriptions_ended_total",
      "kinesis_connectors_event_loop_delay_seconds_total",
      ...OF_THE_KCL,
    ]);
    for (const text of [...queries, alerts]) {
      const names = [...namesIn(text)].filter((name) => !LABELS.has(name));
      for (const name of names) {
        expect(known).toContain(name);
        expect(new Set([...seen, ...rare])).toContain(name);
      }
    }
    expect(namesIn(queries.join("\n")).size).toBeGreaterThan(35);
    expect([...namesIn(alerts)].filter((name) => !LABELS.has(name)).length).toBeGreaterThanOrEqual(11);
  });

  it("has every metric of the table on the dashboard", () => {
    const asked = namesIn(queries.join("\n"));
    for (const definition of METRICS)
      expect(seriesOf(definition).some((name) => asked.has(name)) ? "" : definition.name).toBe("");
  });

  it("is asked for by labels that it has", () => {
    const ofOthers = ["le", "instance", "reason", "thread"];
    const used: string[] = [];
    for (const text of [...queries, alerts]) {
      for (const [, names = ""] of text.matchAll(/\bby \(([^)]*)\)/g)) used.push(...names.split(/,\s*/));
      for (const [, of = ""] of text.matchAll(/\{([^}]*)\}/g))
        for (const [, name = ""] of of.matchAll(/(\w+)=~?"/g)) used.push(name);
    }
    expect(used.length).toBeGreaterThan(20);
    for (const label of used) expect([...labels, ...ofOthers]).toContain(label);
  });
});

describe("the dashboard", () => {
  it("asks one Prometheus, which is chosen when it is imported, and needs no plugin", () => {
    expect(dashboard.uid).toBe("kinesis-connectors");
    expect(dashboard.schemaVersion).toBe(39);
    expect(dashboard.__inputs.map(({ name, pluginId }) => [name, pluginId])).toEqual([
      ["DS_PROMETHEUS", "prometheus"],
    ]);
    for (const { type, datasource, targets = [] } of dashboard.panels) {
      expect(["row", "stat", "timeseries"]).toContain(type);
      expect(datasource?.uid ?? "${DS_PROMETHEUS}").toBe("${DS_PROMETHEUS}");
      for (const target of targets) expect(target.datasource.uid).toBe("${DS_PROMETHEUS}");
    }
    expect(dashboard.panels.filter(({ type }) => type === "row").map(({ title }) => title)).toEqual([
      "Fleet",
      "Shards",
      "Destination",
      "Leases",
      "Process",
    ]);
  });

  it("has panels with ids of their own that do not lie on each other", () => {
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    for (const { gridPos } of dashboard.panels) expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
  });
});

describe("the alerts", () => {
  it("say each what is wrong, how bad it is and what to do, and each has a unit test", async () => {
    const text = await read("prometheus/alerts.yaml");
    const tests = await read("prometheus/alerts.test.yaml");
    const rules = text.split(/^ {6}- alert: /m).slice(1);
    expect(rules.length).toBeGreaterThanOrEqual(11);
    for (const rule of rules) {
      const [name = ""] = rule.split("\n");
      expect(rule).toMatch(/severity: (warning|critical)/);
      expect(rule).toMatch(/summary: .{20}/);
      expect(rule).toMatch(/cure: .{20}/);
      expect(tests).toMatch(new RegExp(`alertname: ${name}\\n\\s+exp_alerts:\\n`));
    }
  });
});
