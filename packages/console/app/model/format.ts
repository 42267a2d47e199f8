const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** What stands where nothing is known. */
export const NOTHING = "–";

/** A length of time in at most two units, as the command line shows it: `4 s`, `6 min`, `2 h 14 min`, `3 d 4 h`. */
export function duration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return NOTHING;
  if (ms < 0) return `-${duration(-ms)}`;
  if (ms < MINUTE_MS) return `${Math.round(ms / SECOND_MS)} s`;
  if (ms < HOUR_MS) return `${Math.round(ms / MINUTE_MS)} min`;
  if (ms < DAY_MS) return pair(ms, [HOUR_MS, "h"], [MINUTE_MS, "min"]);
  return pair(ms, [DAY_MS, "d"], [HOUR_MS, "h"]);
}

/** The same with a digit more below ten seconds, for what is fast when all is well. */
export function fineDuration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined || ms >= 9_950 || ms < 50) return duration(ms);
  return `${(ms / SECOND_MS).toFixed(1)} s`;
}

/** How long ago something was. A clock that is a little ahead of the one that wrote must not show the future. */
export function ago(ms: number | null | undefined): string {
  return ms === null || ms === undefined ? NOTHING : `${duration(Math.max(0, ms))} ago`;
}

/** A whole number with its thousands marked. */
export function count(value: number | null | undefined): string {
  return value === null || value === undefined ? NOTHING : Math.round(value).toLocaleString("en-US");
}

/** A number of things in words: `1 shard`, `4 shards`. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** A rate per second; below ten with one digit more. */
export function rate(perSecond: number | null | undefined): string {
  if (perSecond === null || perSecond === undefined) return NOTHING;
  return perSecond > 0 && perSecond < 10 ? perSecond.toFixed(1) : count(perSecond);
}

/** Bytes in the largest unit that leaves one digit before the point. */
export function bytes(value: number | null | undefined): string {
  if (value === null || value === undefined) return NOTHING;
  if (value < 1024) return `${value} B`;
  const units = ["KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  let size = value / 1024;
  for (; size >= 1024 && unit < units.length - 1; unit += 1) size /= 1024;
  return `${size < 10 ? size.toFixed(1) : Math.round(size)} ${units[unit] ?? ""}`;
}

/** The number of a shard, or its whole id where it has none. */
export function shortShard(shardId: string): string {
  return /^shardId-0*(\d+)$/.exec(shardId)?.[1] ?? shardId;
}

/** A position as its last digits; a sentinel as it is. */
export function shortPosition(checkpoint: string, subSequenceNumber: number): string {
  if (!/^\d+$/.test(checkpoint)) return checkpoint;
  const digits = checkpoint.length > 6 ? `…${checkpoint.slice(-6)}` : checkpoint;
  return `${digits} (.${subSequenceNumber})`;
}

const UUID = /^(.*[:/_-])?([0-9a-f]{4})[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** An owner with the first letters of its unique part: `host-a:3f1c`. */
export function shortOwner(owner: string): string {
  const [, host = "", unique] = UUID.exec(owner) ?? [];
  const text = unique === undefined ? owner : `${host}${unique}`;
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}

/** A moment as a stamp of the day, in UTC. */
export function clockTime(ms: number): string {
  return new Date(ms).toISOString().slice(11, 19);
}

/** A part of a whole. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function pair(
  ms: number,
  [large, largeName]: readonly [number, string],
  [small, smallName]: readonly [number, string],
): string {
  const smalls = Math.round(ms / small);
  const perLarge = large / small;
  const whole = Math.floor(smalls / perLarge);
  const rest = smalls % perLarge;
  return rest === 0 ? `${whole} ${largeName}` : `${whole} ${largeName} ${rest} ${smallName}`;
}
