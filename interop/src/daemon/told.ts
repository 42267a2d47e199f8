import { existsSync, readFileSync } from "node:fs";

/** What a child has told. */
export interface ToldByChild {
  readonly t: number;
  readonly pid: number;
  readonly type: "shard-start" | "shard-end" | "shard-stop" | "over";
  readonly shard?: string;
  readonly inherited?: boolean;
  readonly reason?: string;
}

/** Everything that children have told so far; a line that is being written is left. */
export function toldBy(file: string): readonly ToldByChild[] {
  if (!existsSync(file)) return [];
  const text = readFileSync(file, "utf8");
  return text
    .slice(0, text.lastIndexOf("\n") + 1)
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as ToldByChild);
}

/** Shards that a child has begun since a moment. */
export function begunSince(told: readonly ToldByChild[], sinceMs: number): ReadonlySet<string> {
  return new Set(
    told.flatMap(({ type, t, shard }) =>
      type === "shard-start" && t >= sinceMs && shard !== undefined ? [shard] : [],
    ),
  );
}
