import type { Random } from "@kinesis-connectors/core";

/** Up to `count` of the items, by a shuffle, so that workers that look at the same moment seldom want the same leases. */
export function someOf<T>(items: readonly T[], count: number, random: Random): readonly T[] {
  const rest = [...items];
  const chosen: T[] = [];
  while (chosen.length < count && rest.length > 0) {
    const [item] = rest.splice(Math.floor(random.next() * rest.length), 1);
    if (item !== undefined) chosen.push(item);
  }
  return chosen;
}
