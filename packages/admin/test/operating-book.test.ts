import { readFileSync } from "node:fs";
import type { ConnectorEvent, EventsDropped } from "@kinesis-connectors/consumer";
import { METRICS } from "@kinesis-connectors/telemetry";
import { describe, expect, it } from "vitest";
import type { Reason } from "../src/watching/verdict.js";

const textOf = (page: string): string =>
  readFileSync(new URL(`../../../docs/${page}.md`, import.meta.url), "utf8");
const symptoms = textOf("troubleshooting");

/** The events that the symptoms name: the compiler refuses one that there is none of. */
const EVENTS: readonly (ConnectorEvent | EventsDropped)["type"][] = [
  "batch-emit",
  "checkpoint-commit",
  "connector-stop",
  "emit-retry",
  "event-loop-blocked",
  "events-drop",
  "hole-found",
  "lease-lose",
  "lease-resume",
  "lease-retry",
  "lease-take",
  "leases-unattended",
  "page-read",
  "page-refuse",
  "read-retry",
  "record-dead-letter",
  "retention-gap",
  "retention-risk",
  "shard-fail",
  "shard-pause",
  "wire-fallback",
];

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
  "table-silent": true,
  paused: true,
  "unattended-shards": true,
  stopped: true,
  failed: true,
  "event-loop-stalled": true,
};

/** The rows of all tables of a text, as cells. */
function rowsOf(text: string): readonly (readonly string[])[] {
  return text
    .split(/\n(?!\|)/)
    .flatMap((table) =>
      table
        .split("\n")
        .filter((line) => line.startsWith("|"))
        .slice(2),
    )
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

const namesIn = (cell: string): readonly string[] =>
  [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => `${name}`);

describe("docs/troubleshooting.md", () => {
  const rows = rowsOf(symptoms);

  it("names events that there are", () => {
    // Some cells name a member or another thing behind the event, without a dash.
    const named = rows.flatMap(([, events = ""]) => namesIn(events).filter((name) => name.includes("-")));
    expect([...new Set(named)].toSorted()).toEqual(EVENTS.toSorted());
  });

  it("names metrics that there are", () => {
    const known = new Set(METRICS.map(({ prometheus }) => prometheus.replace("kinesis_connectors_", "")));
    const named = [...symptoms.matchAll(/`([a-z]+(?:_[a-z]+)+)`/g)].map(([, name]) => `${name}`);
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter((name) => !known.has(name))).toEqual([]);
  });

  it("has a cure for every rule of health", () => {
    const cells = rows.map(([, , metric = ""]) => metric).join(" ");
    for (const rule of Object.keys(RULES)) expect(cells).toContain(`\`${rule}\``);
  });
});
