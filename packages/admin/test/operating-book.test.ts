import { readFileSync } from "node:fs";
import type { ConnectorEvent, EventsDropped } from "@kinesis-connectors/consumer";
import { METRICS } from "@kinesis-connectors/telemetry";
import { describe, expect, it } from "vitest";
import type { Reason } from "../src/verdict.js";

const book = readFileSync(new URL("../../../docs/operating.md", import.meta.url), "utf8");

/** Every type of event; the compiler refuses a table that lacks one, or has one that there is none of. */
const EVENTS: Readonly<Record<ConnectorEvent["type"] | EventsDropped["type"], true>> = {
  "aggregate-drop": true,
  "batch-emit": true,
  "batch-start": true,
  "buffer-flush": true,
  "checkpoint-commit": true,
  "connector-start": true,
  "connector-stop": true,
  "emit-retry": true,
  "event-loop-blocked": true,
  "events-drop": true,
  "fan-out-fallback": true,
  "fleet-mode": true,
  "hole-found": true,
  "iterator-renew": true,
  "leader-elect": true,
  "lease-assign": true,
  "lease-delete": true,
  "lease-end": true,
  "lease-evict": true,
  "lease-handoff": true,
  "lease-lose": true,
  "lease-resume": true,
  "lease-retry": true,
  "lease-take": true,
  "leases-unattended": true,
  "page-read": true,
  "page-refuse": true,
  "parent-wait": true,
  "read-retry": true,
  "record-dead-letter": true,
  "retention-gap": true,
  "retention-risk": true,
  "shard-end": true,
  "shard-end-doubt": true,
  "shard-fail": true,
  "shard-pause": true,
  "shard-resume": true,
  "shard-start": true,
  "shard-stop": true,
  "shard-sync": true,
  "subscription-end": true,
  "subscription-start": true,
  "wire-fallback": true,
  "worker-start": true,
  "worker-stop": true,
};

/** Every rule of `/readyz` and `/livez`. */
const RULES: Readonly<Record<Reason["rule"], true>> = {
  starting: true,
  "start-deadline": true,
  "stalled-shard": true,
  "delivery-lag": true,
  "emit-retrying": true,
  "reading-fails": true,
  retention: true,
  "lease-renewal": true,
  paused: true,
  "unattended-shards": true,
  stopped: true,
  failed: true,
  "event-loop-stalled": true,
};

/** The rows of the table behind a heading, as cells. */
function rowsBelow(heading: string): readonly (readonly string[])[] {
  const [, behind = ""] = book.split(`${heading}\n`);
  const [section = ""] = behind.split(/\n##/);
  return section
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .slice(2)
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

const namesIn = (cell: string): readonly string[] =>
  [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => `${name}`);

describe("docs/operating.md", () => {
  const rows = rowsBelow("### Symptom, sign, cure");

  it("names events that there are", () => {
    const first = rows.map(([, events = ""]) => namesIn(events)[0]);
    expect(first.length).toBeGreaterThan(15);
    for (const event of first) expect(Object.keys(EVENTS)).toContain(event);
  });

  it("names metrics that there are", () => {
    const known = new Set(METRICS.map(({ prometheus }) => prometheus.replace("kinesis_connectors_", "")));
    const named = [...book.matchAll(/`([a-z]+(?:_[a-z]+)+)`/g)].map(([, name]) => `${name}`);
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter((name) => !known.has(name))).toEqual([]);
  });

  it("has a cure for every rule of health", () => {
    const cells = rows.map(([, , metric = ""]) => metric).join(" ");
    for (const rule of Object.keys(RULES)) expect(cells).toContain(`\`${rule}\``);
  });
});
