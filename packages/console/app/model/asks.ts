import type { Change } from "./commands.js";

/** What a part asks for: a change opens its dialog, a shard is shown. */
export interface Asks {
  readonly change: (verb: Change["verb"], shardIds: readonly string[] | undefined) => void;
  readonly shard: (shardId: string) => void;
}
