export const SCREENS = ["overview", "shards", "workers", "batches", "errors", "configuration"] as const;
export type Screen = (typeof SCREENS)[number];

/** Where the address leads: a screen, and on that of the shards one of them. */
export interface Place {
  readonly screen: Screen;
  readonly shardId: string | undefined;
}

/** The place that the part of an address behind its `#` names. */
export function placeOf(hash: string): Place {
  const [, name = "", id] = /^#\/(\w+)(?:\/(.+))?$/.exec(hash) ?? [];
  const screen = SCREENS.find((one) => one === name) ?? "overview";
  return { screen, shardId: id === undefined ? undefined : decodeURIComponent(id) };
}
