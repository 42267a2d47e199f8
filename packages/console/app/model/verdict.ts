import type { ConsoleState } from "../../src/index.js";
import { ago, counted } from "./format.js";
import type { Row } from "./rows.js";

/** How a fleet is, in one word. */
export type Mood = "ok" | "paused" | "attention" | "failing" | "unknown";

/** The answer to "is it alive, and how far behind": a word, a sentence. */
export interface Verdict {
  readonly mood: Mood;
  readonly word: string;
  readonly sentence: string;
}

/** The verdict on what was seen last. */
export function verdictOf(state: ConsoleState, rows: readonly Row[]): Verdict {
  const open = rows.filter((row) => row.state !== "ended");
  const trouble = state.trouble;
  if (rows.length === 0)
    return trouble !== null && trouble.kind !== "not-configured"
      ? { mood: "unknown", word: "unknown", sentence: trouble.message }
      : {
          mood: "unknown",
          word: "no shards",
          sentence: "no shard has a lease yet: no worker has started, or the first is still looking",
        };
  if (hasNoWorker(state, open))
    return {
      mood: "failing",
      word: "no worker",
      sentence: `${counted(open.length, "shard waits", "shards wait")} and nobody reads: nothing is lost while the stream keeps its records`,
    };
  const paused = open.filter(({ state: is }) => is === "paused" || is === "pausing");
  if (open.length > 0 && paused.length === open.length)
    return {
      mood: "paused",
      word: "all paused",
      sentence: "every shard is held and none is read, as an operator wanted",
    };
  const failing = state.processes.filter(({ snapshot }) => snapshot?.health.status === "failing");
  const wanting = open.filter(({ attention }) => attention !== null);
  const delivered = deliveredOf(open);
  const sentence =
    delivered === null
      ? "no row says until when it has delivered"
      : `everything delivered up to ${ago(delivered)}`;
  const pausedNote = paused.length > 0 ? `, ${counted(paused.length, "shard")} paused` : "";
  if (failing.length > 0 || wanting.length > 0)
    return {
      mood: failing.length > 0 ? "failing" : "attention",
      word: wanting.length > 0 ? `attention: ${wanting.length}` : "attention",
      sentence:
        wanting[0]?.attention ??
        failing[0]?.snapshot?.health.reasons.find(({ status }) => status !== "ok")?.cure ??
        sentence,
    };
  return { mood: "ok", word: "ok", sentence: `${sentence}${pausedNote}` };
}

/** The longest ago that any shard in work has delivered; null where no row says it. Paused shards are as late as their operator wants. */
export function deliveredOf(rows: readonly Row[]): number | null {
  let worst: number | null = null;
  for (const { state, deliveredAgoMs } of rows) {
    if (state === "ended" || state === "paused" || state === "pausing" || state === "waiting") continue;
    if (deliveredAgoMs !== null && (worst === null || deliveredAgoMs > worst)) worst = deliveredAgoMs;
  }
  return worst;
}

/** How far reading is behind the tip in the shard that is furthest behind; null where no process says it. */
export function behindOf(rows: readonly Row[]): number | null {
  return rows.reduce<number | null>(
    (most, { behindMs }) => (behindMs === null ? most : Math.max(most ?? 0, behindMs)),
    null,
  );
}

/** Whether shards are open and nobody is left who renews one. A worker that has just been seen first counts. */
export function hasNoWorker({ fleet, processes }: ConsoleState, open: readonly Row[]): boolean {
  if (fleet === null || open.length === 0) return false;
  if (processes.some(({ snapshot }) => snapshot?.state === "running")) return false;
  return fleet.workers.every(({ isRenewing }) => isRenewing === false);
}

/** The mode of a fleet with workers of the Java KCL 3, in words; undefined for the algorithms of 2.x, which need none. */
export function kclModeOf(fleetMode: string | null | undefined): string | undefined {
  if (fleetMode === null || fleetMode === undefined || fleetMode === "CLIENT_VERSION_2X") return undefined;
  const isOn = fleetMode.startsWith("CLIENT_VERSION_3X");
  return isOn
    ? "This fleet is in KCL 3 mode: a leader assigns the shards by how busy the workers are, and a shard changes hands by a handoff."
    : `This fleet is on its way to or from KCL 3 mode (${fleetMode}): its workers still take shards by themselves.`;
}
