// The table of alerts in docs/alarms.md, below its mark, from the rules for Prometheus.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { table } from "./markdown.mjs";

const MARK = "<!-- alerts of deploy/prometheus/alerts.yaml -->\n";
const TABLE = /^\n(?:\|.*\n)+/;

/** The page with its table made anew. */
export function alarmsPage(root) {
  const [before, after] = readFileSync(join(root, "docs", "alarms.md"), "utf8").split(MARK);
  if (after === undefined) throw new Error(`docs/alarms.md has no line ${MARK.trim()}`);
  return `${before}${MARK}\n${alertsTable(root)}\n${after.replace(TABLE, "")}`;
}

function alertsTable(root) {
  const { groups } = parse(readFileSync(join(root, "deploy", "prometheus", "alerts.yaml"), "utf8"));
  return table(
    ["alert", "severity", "after", "what to do"],
    groups
      .flatMap(({ rules }) => rules)
      .map(({ alert, labels, for: during, annotations }) => [
        `\`${alert}\``,
        labels.severity,
        during?.replace(/(\d)([a-z])/, "$1 $2").replace(" m", " min") ?? "",
        annotations.cure,
      ]),
  );
}
