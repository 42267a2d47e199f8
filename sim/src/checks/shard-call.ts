import type { Call } from "../world/network.js";

/** A call as it leaves a process. */
export type SentCall = Pick<Call<unknown>, "process" | "to" | "name" | "about">;

/** Freeing the parts of an upload is allowed to whoever began it. */
const HARMLESS: ReadonlySet<string> = new Set(["AbortMultipartUpload"]);

/** The shard that a call reads, or writes for, which only its owner may; undefined where it does neither. */
export function shardOf({ to, name, about }: SentCall): string | undefined {
  return to === "leases" || HARMLESS.has(name) ? undefined : /shardId-\d+/.exec(about)?.[0];
}
