import { rate } from "@kinesis-connectors/app-sample";
import type { Archive, ArchivedObject } from "./read-back.js";
import type { Comparison } from "./check.js";

/** What the demo found; `--json` prints exactly this. */
export interface DemoResult extends Comparison {
  readonly records: number;
  readonly objects: number;
  readonly bytes: number;
  readonly seconds: number;
  /** What the connector cost its own process; null where it shared one, because somebody looked on. */
  readonly connector: {
    readonly startCpuSeconds: number;
    /** From its start on: reading, archiving, leases and commits, garbage and compression included. */
    readonly cpuSeconds: number;
    readonly recordsPerCpuSecond: number;
  } | null;
}

/** The figures, one a line. */
export function linesOf(result: DemoResult): (readonly [string, string])[] {
  const { records, delivered, lost, duplicated, outOfOrder, objects, bytes, seconds, connector } = result;
  return [
    ["records put", count(records)],
    ["records delivered", `${count(delivered)} in ${count(objects)} objects, ${size(bytes)}`],
    ["lost", count(lost)],
    ["duplicated", count(duplicated)],
    ["out of order", count(outOfOrder)],
    ["wall time", rate(records, seconds, "records", WHOLE_WAY)],
    ["connector alone", aloneOf(connector)],
  ];
}

const WHOLE_WAY = "put, read, delivered and committed; server, producer and connector share this machine";

function aloneOf(connector: DemoResult["connector"]): string {
  if (connector === null)
    return "not measured: it shares its process with server and producer where it is watched";
  const { startCpuSeconds, cpuSeconds, recordsPerCpuSecond } = connector;
  return (
    `${count(recordsPerCpuSecond)} records a CPU-second: ${cpuSeconds.toFixed(2)} s of CPU in a process of its own, ` +
    `all its threads, compiling what is hot included; ${startCpuSeconds.toFixed(2)} s more to start`
  );
}

/** The objects as a tree with sizes. */
export function treeText(archive: Archive, bucket: string): string {
  return [`s3://${bucket}`, ...treeLines(archive), "", ""].join("\n");
}

function treeLines(archive: Archive): string[] {
  const folders = new Map<string, ArchivedObject[]>();
  for (const object of archive.objects) {
    const folder = object.key.slice(0, object.key.lastIndexOf("/"));
    folders.set(folder, [...(folders.get(folder) ?? []), object]);
  }
  const lines: string[] = [];
  const names = [...folders.keys()].toSorted();
  for (const [index, folder] of names.entries()) {
    const isLast = index === names.length - 1;
    const objects = folders.get(folder) ?? [];
    lines.push(`${isLast ? "└─" : "├─"} ${folder}/`);
    for (const [place, { key, bytes, records }] of objects.entries()) {
      const branch = place === objects.length - 1 ? "└─" : "├─";
      lines.push(
        `${isLast ? "  " : "│ "} ${branch} ${shortName(key)}  ${count(records)} records, ${size(bytes)}`,
      );
    }
  }
  return lines;
}

/** Sequence numbers have 56 digits; their ends tell them apart well enough for the eye. */
function shortName(key: string): string {
  return key.slice(key.lastIndexOf("/") + 1).replaceAll(/\d{20,}/g, (digits) => `…${digits.slice(-12)}`);
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}

function size(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 * 1024 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}
