import { momentOfText } from "@kinesis-connectors/core";

const UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** A length of time on the command line: `500ms`, `30s`, `5m`, `2h`, `1d`. */
export function durationOf(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)\s*(ms|s|m|min|h|d)$/.exec(text.trim()) ?? [];
  const factor = UNITS_MS[unit ?? ""];
  if (number === undefined || factor === undefined)
    throw new TypeError(`give a length of time such as 30s, 5m, 2h or 1d`);
  return Math.round(Number(number) * factor);
}

/** A moment on the command line: ISO 8601 with its zone, epoch milliseconds, or how long ago. */
export type Moment =
  | { readonly type: "at"; readonly atMs: number }
  | { readonly type: "ago"; readonly agoMs: number };

/** Reads a moment. A date without a time is midnight UTC; a time without a zone is refused, because it means another moment on each machine. */
export function momentOf(text: string): Moment {
  if (/^\d{12,14}$/.test(text)) return { type: "at", atMs: Number(text) };
  if (/^\d+(?:\.\d+)?\s*(?:ms|s|m|min|h|d)$/.test(text)) return { type: "ago", agoMs: durationOf(text) };
  const atMs = momentOfText(text);
  if (atMs === undefined)
    throw new TypeError("give a time such as 2026-11-29T03:00Z, with its zone, or how long ago, such as 5m");
  return { type: "at", atMs };
}

/** The epoch milliseconds of a moment. */
export function atMsOf(moment: Moment, nowMs: number): number {
  return moment.type === "at" ? moment.atMs : nowMs - moment.agoMs;
}

/** Reads a whole number from `min` to `max`. */
export function wholeNumberOf(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max)
      throw new TypeError(`give a whole number from ${min} to ${max}`);
    return value;
  };
}

/** Text as it is, but not an empty one. */
export function textOf(text: string): string {
  if (text.trim() === "") throw new TypeError("give a text that is not empty");
  return text;
}

/** The full id of a shard: `0` and `12` stand for `shardId-000000000000` and `shardId-000000000012`. */
export function shardIdOf(text: string): string {
  return /^\d{1,12}$/.test(text) ? `shardId-${text.padStart(12, "0")}` : textOf(text);
}
